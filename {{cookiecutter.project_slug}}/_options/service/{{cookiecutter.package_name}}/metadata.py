"""What the service is called and which version it is; the build reads the version from here."""

NAME = "{{ cookiecutter.project_name | escaped }}"
DESCRIPTION = "{{ cookiecutter.description | escaped }}"
VERSION = "0.1.0"
