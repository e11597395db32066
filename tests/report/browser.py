"""A real browser without a window, driven through its DevTools protocol: JSON messages over two pipes, a NUL after each."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

PATIENCE = 60
"""Seconds after which what is waited for counts as never to come."""


def found() -> str | None:
    """The browser of this machine; None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def browser(home: Path) -> Iterator[Browser]:
    """A browser whose files are all below `home`. It is gone afterwards."""
    program = found()
    assert program, f"none of {', '.join(NAMES)} is there"
    (low_to, ours_out), (ours_in, low_from) = os.pipe(), os.pipe()
    to_it, from_it = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (low_to, low_from))
    os.close(low_to)
    os.close(low_from)
    flags = (
        "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --remote-debugging-pipe"
        " --disable-background-networking --disable-component-update --disable-extensions --hide-scrollbars --force-color-profile=srgb"
    )
    # It reads from descriptor 3 and writes to 4.
    command = f'exec "$0" "$@" 3<&{to_it} 4>&{from_it}'
    argv = ["bash", "-c", command, program, *flags.split(), f"--user-data-dir={home}", "about:blank"]
    env = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    with subprocess.Popen(
        argv,
        pass_fds=(to_it, from_it),
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(to_it)
        os.close(from_it)
        with os.fdopen(ours_out, "wb") as out, os.fdopen(ours_in, "rb") as into:
            it = Browser(out, into)
            try:
                yield it
            finally:
                it.end()
        process.wait()


@dataclass
class Browser:
    """The pipes to a browser, and what it said without being asked."""

    out: BinaryIO
    into: BinaryIO
    said: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    rest: bytes = b""

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """What it answers to one command of the protocol."""
        self.asked += 1
        message = {"id": self.asked, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self.out.write(json.dumps(message).encode() + b"\0")
        self.out.flush()
        while True:
            told = self._read()
            if told.get("id") == self.asked:
                assert "error" not in told, told
                answer: dict[str, Any] = told["result"]
                return answer
            self.said.append(told)

    def wait(self, method: str, session: str) -> dict[str, Any]:
        """The next message of this name that it sends unasked."""
        while True:
            for at, told in enumerate(self.said):
                if told.get("method") == method and told.get("sessionId") == session:
                    del self.said[at]
                    params: dict[str, Any] = told["params"]
                    return params
            self.said.append(self._read())

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self.rest:
            told, _, _ = select.select([self.into], [], [], 2 * PATIENCE)
            assert told, "the browser says nothing"
            chunk = os.read(self.into.fileno(), 1 << 20)
            assert chunk, "the browser is gone"
            self.rest += chunk
        message, _, self.rest = self.rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def end(self) -> None:
        """Have it close."""
        try:
            self.call("Browser.close")
        except (AssertionError, OSError):
            return

    def tab(self, url: str, width: int = 1200, height: int = 800, *, dark: bool = False) -> Tab:
        """A new page of this size that has loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        made = Tab(self, target, session)
        for domain in ("Page", "Runtime", "Log"):
            made.call(f"{domain}.enable")
        made.size(width, height)
        made.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )
        made.go(url)
        return made


@dataclass
class Tab:
    """One page."""

    browser: Browser
    target: str
    session: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.call("Target.closeTarget", targetId=self.target)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the protocol, for this page."""
        return self.browser.call(method, self.session, **params)

    def size(self, width: int, height: int) -> None:
        """The window, in CSS pixels; a narrow one is a phone's."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def go(self, url: str) -> None:
        """Load another page."""
        self.call("Page.navigate", url=url)
        self.browser.wait("Page.loadEventFired", self.session)

    def run(self, script: str) -> Any:
        """What an expression comes to, as JSON has it; a promise is awaited."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until a condition holds: it is looked at before each frame is painted. Fails if it never does."""
        never = f"setTimeout(() => fail(new Error({json.dumps(f'never: {condition}')})), {1000 * PATIENCE})"
        look = f"const look = () => ({condition}) ? done(true) : requestAnimationFrame(look)"
        self.run(f"new Promise((done, fail) => {{ {never}; {look}; look(); }})")

    def view(self, name: str) -> None:
        """Turn to a view of the report."""
        self.run(f"location.hash = {json.dumps(name)}")
        self.until(f"!document.getElementById({json.dumps(name)}).hidden")

    def type(self, text: str) -> None:
        """Text, as from a keyboard, into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, *, code: int = 0, shift: bool = False, text: str = "") -> None:
        """One key, down and up; `code` is its Windows virtual key code."""
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        more = {"text": text} if text else {}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def complaints(self) -> list[str]:
        """What stands in its console: errors, warnings, exceptions, violated policies."""
        self.run("0")
        told = [each for each in self.browser.said if each.get("sessionId") == self.session]
        found = []
        for each in told:
            params = each["params"]
            if each["method"] == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"]))
            elif each["method"] == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif each["method"] == "Runtime.consoleAPICalled":
                found.append(json.dumps(params["args"]))
        return found

    def picture(self, place: Path, *, whole: bool = False) -> None:
        """What is to be seen, as a PNG."""
        told = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        place.write_bytes(base64.b64decode(told["data"]))
