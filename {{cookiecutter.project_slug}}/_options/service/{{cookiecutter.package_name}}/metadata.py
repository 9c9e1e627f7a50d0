"""Name, description and version of the service; pyproject.toml reads the version from here."""

NAME = "{{ cookiecutter.project_name | escaped }}"
DESCRIPTION = "{{ cookiecutter.description | escaped }}"
VERSION = "0.1.0"
