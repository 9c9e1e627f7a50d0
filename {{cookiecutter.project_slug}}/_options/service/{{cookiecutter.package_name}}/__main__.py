"""Run the commands: `python -m {{ cookiecutter.package_name }} --help`."""

from .cli.main import main

if __name__ == "__main__":
    main(prog_name=f"python -m {__package__}")
