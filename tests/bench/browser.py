"""A Chromium without a window, spoken to over two pipes by the DevTools protocol: no driver, nothing to install."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ANSWERS = 60.0  # seconds
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_KEY_CODES = {"Enter": 13, "Tab": 9, "Escape": 27, "Delete": 46, "ArrowUp": 38, "ArrowDown": 40}
_SWITCHES = (
	"--headless=new",
	"--remote-debugging-pipe",
	"--no-first-run",
	"--no-proxy-server",
	"--no-sandbox",  # it is shown only what this test serves, and may run as root
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-dev-shm-usage",
	"--disable-gpu",
	"--disable-sync",
	"--window-size=1400,1000",
)
# The middle of an element, or null; whether the next press lands on it is in `dogan_pressed`.
_WATCHED_MIDDLE = """async (selector) => {
	const find = () => document.querySelector(selector);
	find()?.scrollIntoView({ block: "nearest" });
	const middle = () => {
		const box = find()?.getClientRects().length && find().getBoundingClientRect();
		return box && [box.x + box.width / 2, box.y + box.height / 2];
	};
	const before = middle();
	await new Promise((resolve) => setTimeout(resolve, 50));
	const after = middle();
	if (!before || !after || before.join() !== after.join()) return null;
	if (!find().contains(document.elementFromPoint(...after))) return null;
	window.dogan_pressed = null;
	const watch = (event) => { window.dogan_pressed = Boolean(find()?.contains(event.target)); };
	document.addEventListener("mousedown", watch, { capture: true, once: true });
	return after;
}"""


def command() -> str | None:
	"""The command of a Chromium on this machine, or None."""
	given = os.environ.get("DOGAN_TEST_BROWSER")
	found = (shutil.which(name) for name in ([given] if given else BROWSERS))
	return next((path for path in found if path), None)


class Browser:
	"""One page. What its console says as an error, or throws, is kept in `complaints`. Used as a context."""

	def __init__(self, command: str) -> None:
		self.complaints: list[str] = []
		self._command = command
		self._number = 0
		self._rest = b""

	def __enter__(self) -> "Browser":
		self._profile = tempfile.TemporaryDirectory(prefix="dogansystem-browser-", ignore_cleanup_errors=True)
		to_browser, self._write = os.pipe()
		self._read, from_browser = os.pipe()
		self._process = _start(self._command, self._profile.name, to_browser, from_browser)
		os.close(to_browser)
		os.close(from_browser)
		os.set_blocking(self._read, False)
		self._context = ""
		self.start_anew()
		return self

	def __exit__(self, *_: object) -> None:
		self._process.kill()
		self._process.wait()
		os.close(self._read)
		os.close(self._write)
		self._profile.cleanup()

	def start_anew(self) -> None:
		"""Close the page, and open an empty one that shares nothing with it: no cookie, nothing stored, no answer under way."""
		if self._context:
			self._call("Target.disposeBrowserContext", {"browserContextId": self._context})
		self._context = self._call("Target.createBrowserContext", {})["browserContextId"]
		where = {"url": "about:blank", "browserContextId": self._context}
		target = self._call("Target.createTarget", where)["targetId"]
		attached = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})
		self._session = attached["sessionId"]
		self._is_measured = False
		for domain in ("Page", "Runtime", "Log", "Network"):
			self._page(f"{domain}.enable")

	def set_cookie(self, url: str, name: str, value: str) -> None:
		self._page("Network.setCookie", url=url, name=name, value=value)

	def open(self, url: str) -> None:
		"""Go there. What the page loads is waited for with `wait_for`."""
		self._page("Page.navigate", url=url)

	def evaluate(self, expression: str) -> Any:
		"""The value of a JavaScript expression in the page; of what it promises, if it is a promise."""
		answer = self._page("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
		if "exceptionDetails" in answer:
			raise AssertionError(f"{expression}: {_exception(answer['exceptionDetails'])}")
		return answer["result"].get("value")

	def wait_for(self, expression: str, seconds: float = 40.0) -> None:
		"""Wait until an expression is true. Until then it may also fail: the page is loading."""
		until = time.monotonic() + seconds
		last = ""
		while time.monotonic() < until:
			try:
				if self.evaluate(f"!!({expression})"):
					return
			except AssertionError as error:
				last = f" ({error})"
			time.sleep(0.2)
		raise AssertionError(f"not within {seconds:.0f} seconds: {expression}{last}; {self.complaints}")

	def click(self, selector: str, seconds: float = 20.0) -> None:
		"""Press the mouse in the middle of the element that a CSS selector finds, and let it go."""
		self.mouse("mouseReleased", *self.press(selector, seconds))

	def drag(self, selector: str, x: float, y: float) -> None:
		"""Press the mouse in the middle of an element, and let it go so many pixels to the right and further down."""
		left, top = self.press(selector)
		for part in (0.2, 0.6, 1.0):
			self.mouse("mouseMoved", left + x * part, top + y * part)
		self.mouse("mouseReleased", left + x, top + y)

	def press(self, selector: str, seconds: float = 20.0) -> tuple[float, float]:
		"""Press the mouse in the middle of an element, once it stands still and nothing covers it; gives where.

		Where the page moves between the look and the press, something else is under the mouse: it is pressed again.
		"""
		until = time.monotonic() + seconds
		while time.monotonic() < until:
			middle = self._evaluate_or_none(f"({_WATCHED_MIDDLE})({json.dumps(selector)})")
			if not middle:
				time.sleep(0.1)
				continue
			x, y = middle
			self.mouse("mousePressed", x, y)
			if self._evaluate_or_none("window.dogan_pressed") is not False:  # None: it led to another page
				return x, y
			self.mouse("mouseReleased", x, y)
		raise AssertionError(f"not to be pressed within {seconds:.0f} seconds: {selector}; {self.complaints}")

	def _evaluate_or_none(self, expression: str) -> Any:
		"""`evaluate`; None while the page is changing."""
		try:
			return self.evaluate(expression)
		except AssertionError:
			return None

	def mouse(self, kind: str, x: float, y: float, button: str = "left") -> None:
		"""One event of the mouse: `mousePressed`, `mouseReleased` or `mouseMoved`."""
		self._page("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=1, clickCount=1)

	def type(self, text: str) -> None:
		"""Put text in where the cursor is."""
		self._page("Input.insertText", text=text)

	def key(self, name: str, *, control: bool = False) -> None:
		"""Press a key by its name, such as `Enter`, where the focus is."""
		code = _KEY_CODES.get(name, ord(name[0].upper()) if len(name) == 1 else 0)
		about = {"key": name, "code": name, "windowsVirtualKeyCode": code, "modifiers": 2 if control else 0}
		text = {"text": "\r"} if name == "Enter" else {}
		self._page("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **about, **text)
		self._page("Input.dispatchKeyEvent", type="keyUp", **about)

	def resize(self, width: int, height: int) -> None:
		"""Make the page as large as a screen, in pixels; a narrow one is a phone's."""
		self._page(
			"Emulation.setDeviceMetricsOverride",
			width=width,
			height=height,
			deviceScaleFactor=1,
			mobile=width < 600,
		)

	def metrics(self) -> dict[str, float]:
		"""What the page has used so far, times as seconds of its thread's own processor time."""
		if not self._is_measured:
			self._page("Performance.enable", timeDomain="threadTicks")
			self._is_measured = True
		return {each["name"]: each["value"] for each in self._page("Performance.getMetrics")["metrics"]}

	def picture(self, path: Path) -> None:
		"""Keep what the page looks like as PNG."""
		path.write_bytes(base64.b64decode(self._page("Page.captureScreenshot")["data"]))

	def _page(self, method: str, **parameters: Any) -> dict[str, Any]:
		return self._call(method, parameters, self._session)

	def _call(self, method: str, parameters: dict[str, Any], session: str | None = None) -> dict[str, Any]:
		self._number += 1
		number = self._number
		message = {"id": number, "method": method, "params": parameters}
		if session:
			message["sessionId"] = session
		os.write(self._write, json.dumps(message).encode() + b"\0")
		answer = self._until(lambda each: each.get("id") == number, method)
		if "error" in answer:
			raise AssertionError(f"{method}: {answer['error']}")
		return answer["result"]

	def _until(self, wanted: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
		until = time.monotonic() + ANSWERS
		while time.monotonic() < until:
			while b"\0" in self._rest:
				line, self._rest = self._rest.split(b"\0", 1)
				message = json.loads(line)
				self._listen(message)
				if wanted(message):
					return message
			try:
				chunk = os.read(self._read, 1 << 20)
				if not chunk:
					raise AssertionError(f"the browser ended before it answered {what}")
				self._rest += chunk
			except BlockingIOError:
				time.sleep(0.01)
		raise AssertionError(f"the browser does not answer {what}")

	def _listen(self, message: dict[str, Any]) -> None:
		parameters = message.get("params", {})
		if (
			message.get("method") == "Page.javascriptDialogOpening"
		):  # a page that is not saved asks whether to leave it
			self._number += 1
			accept = {"method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
			answer = {"id": self._number, "sessionId": message["sessionId"], **accept}
			os.write(self._write, json.dumps(answer).encode() + b"\0")
		elif message.get("method") == "Runtime.exceptionThrown":
			self.complaints.append(_exception(parameters["exceptionDetails"]))
		elif message.get("method") == "Runtime.consoleAPICalled" and parameters["type"] in (
			"error",
			"assert",
		):
			said = (str(each.get("value", each.get("description"))) for each in parameters["args"])
			self.complaints.append(" ".join(said))
		elif message.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
			entry = parameters["entry"]
			self.complaints.append(f"{entry['text']} {entry.get('url', '')}")


def _start(command: str, profile: str, to_browser: int, from_browser: int) -> "subprocess.Popen[bytes]":
	"""Chromium reads its commands from descriptor 3 and answers on 4."""
	script = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
	return subprocess.Popen(
		["bash", "-c", script, "browser", command, *_SWITCHES, f"--user-data-dir={profile}", "about:blank"],
		pass_fds=(to_browser, from_browser),
		stdin=subprocess.DEVNULL,
		stdout=subprocess.DEVNULL,
		stderr=subprocess.DEVNULL,
	)


def _exception(details: dict[str, Any]) -> str:
	return str(details.get("exception", {}).get("description") or details.get("text"))
