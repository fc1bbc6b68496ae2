"""The package index that pip is configured with, as the second source of a file."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

import requests
from pypi_simple import ACCEPT_ANY, ProjectPage

from ablation.sources.transfer import RefusedError, fetch, reason, shown

PATIENCE = 60.0  # seconds for a page
MOST_BYTES = 1 << 20  # of a page; those of the projects in use have some thousands


def find(session: requests.Session, endpoint: str, project: str, file: str) -> str:
    """The address of a file, as the simple API at `endpoint` lists it.

    Raises:
        RefusedError: the index has no such project or file, or serves no page that can be read.
    """
    told = f"{project} on {shown(endpoint)}"
    url = f"{endpoint.rstrip('/')}/{project.lower().replace('_', '-').replace('.', '-')}/"
    content = bytearray()
    try:
        answer = fetch(session, url, content.extend, MOST_BYTES, PATIENCE, ACCEPT_ANY)
        packages = _page(project, bytes(content), answer).packages
    except RefusedError:
        raise
    except requests.HTTPError as error:
        if error.response is not None and error.response.status_code == 404:
            raise RefusedError(f"{told}: the index has no such project") from None
        raise RefusedError(f"{told}: {reason(error)}") from None
    except Exception as error:  # a page of any kind may be there
        raise RefusedError(f"{told}: {reason(error)}") from None
    for package in packages:
        if package.filename == file and package.url:
            return package.url
    raise RefusedError(f"{told}: the project has no file {file}")


def _page(project: str, content: bytes, answer: requests.Response) -> ProjectPage:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind.endswith("json"):
        return ProjectPage.from_json_data(json.loads(content), answer.url)
    return ProjectPage.from_html(project, content.decode("utf-8", "replace"), answer.url)


def pip_settings() -> dict[str, str]:
    """`index-url` and `cert` as pip resolves them from its files and PIP_* variables.

    Without pip in the environment, or where it says nothing, only the variables count.
    """
    variables = {
        key: os.environ[name]
        for key, name in (("index-url", "PIP_INDEX_URL"), ("cert", "PIP_CERT"))
        if os.environ.get(name)
    }
    command = [sys.executable, "-m", "pip", "config", "list"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return variables
    settings = {}
    listed = done.stdout.decode("utf-8", "replace").splitlines()
    for section in ("global.", "install."):  # pip install's own section wins over the global one
        for line in listed:
            name, _, value = line.partition("=")
            if name in (f"{section}index-url", f"{section}cert"):
                try:
                    settings[name.removeprefix(section)] = str(ast.literal_eval(value))
                except (ValueError, SyntaxError):
                    continue
    return settings | variables
