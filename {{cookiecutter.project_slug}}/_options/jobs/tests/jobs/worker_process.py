"""The command `worker` with the jobs of these tests, in a process of its own."""

from {{ cookiecutter.package_name }}.background import JOBS
from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.config import Settings

from .functions import write, write_slowly

if __name__ == "__main__":
    JOBS[:] = [write, write_slowly]
    main(["worker"], obj=Settings(_env_file=None))
