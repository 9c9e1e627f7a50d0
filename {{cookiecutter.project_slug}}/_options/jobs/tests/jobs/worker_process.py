"""The command `worker` with the jobs of these tests, in a process of its own."""

from {{ cookiecutter.package_name }}.background import JOBS
from {{ cookiecutter.package_name }}.cli.main import main

from .functions import write, write_slowly

if __name__ == "__main__":
    JOBS[:] = [write, write_slowly]
    main(["worker"])
