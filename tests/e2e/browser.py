"""A headless Chromium, driven through ChromeDriver's own HTTP interface."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.e2e.harness import find_free_port

CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")
IS_INSTALLED = CHROMIUM is not None and CHROMEDRIVER is not None

#: It shall not ask anybody on the network for anything but the page.
QUIET = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)

Value = TypeVar("Value")


class Browser:
    """One window."""

    def __init__(self, driver: httpx.Client, session: str) -> None:
        self._driver = driver
        self._session = session

    def open(self, url: str) -> None:
        """Load a page."""
        self._command("POST", "/url", {"url": url})

    def evaluate(self, script: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        return self._command("POST", "/execute/sync", {"script": f"return ({script})", "args": []})

    def text(self) -> str:
        """Return what a person reads on the page."""
        return str(self.evaluate("document.body.innerText"))

    def wait_for(self, look: Callable[[Browser], Value], what: str, *, within: float = 15) -> Value:
        """Return what ``look`` gives as soon as it is true."""
        deadline = time.monotonic() + within
        while not (value := look(self)):
            assert time.monotonic() < deadline, (
                f"waited {within:g} s for {what}; the page says:\n{self.text()}"
            )
            time.sleep(0.1)
        return value

    def errors(self) -> list[str]:
        """Return what the page's scripts complained about."""
        entries = self._command("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def save_screenshot(self, path: Path) -> None:
        """Write a picture of the window as PNG."""
        path.write_bytes(base64.b64decode(self._command("GET", "/screenshot")))

    def _command(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._driver.request(method, f"/session/{self._session}{path}", json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()["value"]


@contextmanager
def running_browser(profile: Path) -> Iterator[Browser]:
    """Start a browser with an empty profile and close it at the end."""
    assert CHROMEDRIVER, "chromedriver is not installed"
    port = find_free_port()
    process = subprocess.Popen(
        [CHROMEDRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as driver:
            session = _open_session(driver, profile)
            yield Browser(driver, session)
            driver.delete(f"/session/{session}")
    finally:
        process.terminate()
        process.wait(10)


def _open_session(driver: httpx.Client, profile: Path) -> str:
    root = ["--no-sandbox"] if os.getuid() == 0 else []
    options = {"binary": CHROMIUM, "args": [*QUIET, *root, f"--user-data-dir={profile}"]}
    wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
    deadline = time.monotonic() + 20
    while True:
        try:
            answer = driver.post("/session", json={"capabilities": {"alwaysMatch": wanted}})
            break
        except httpx.ConnectError:
            assert time.monotonic() < deadline, "chromedriver did not start within 20 s"
            time.sleep(0.1)
    assert answer.status_code == httpx.codes.OK, answer.text
    return str(answer.json()["value"]["sessionId"])
