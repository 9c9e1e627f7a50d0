"""What the service is called and which version it is; the build reads the version from here."""

NAME = "{{ cookiecutter.__name_quoted }}"
DESCRIPTION = "{{ cookiecutter.__description_quoted }}"
VERSION = "0.1.0"
