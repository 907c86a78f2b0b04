"""Usage: check_page.py BINARY FOLDER, see .ci/page."""

import base64
import sys

import numpy as np
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.actions import interaction
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By

from exported import Studio, close, pictures

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=900,700")

CLASSIFY = """
const n = arguments[1], bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0));
const size = bytes.length / n;
return Array.from({ length: n }, (_, i) => candleStudio.classify(bytes.subarray(i * size, (i + 1) * size)).probabilities);
"""

# Strokes in shares of the canvas: a seven, a one, a zero.
STROKES = {
    "7": [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]],
    "1": [[(0.5, 0.2), (0.5, 0.8)]],
    "0": [[(0.5 + 0.2 * np.sin(t), 0.5 - 0.3 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 25)]],
}


def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
    driver.set_script_timeout(300)  # 200 images of a deep network, on a busy machine.
    return driver


def open_page(driver, page):
    driver.get_log("browser")
    driver.get(page.as_uri())
    complaints = [entry["message"] for entry in driver.get_log("browser")]
    assert not complaints, f"{page.name}: {complaints}"


def check_answers(driver, studio, name, model):
    page = studio.folder / "page.html"
    studio.run("export", model, "--web", page)
    open_page(driver, page)
    text = base64.b64encode(studio.x_test.tobytes()).decode()
    found = driver.execute_script(CLASSIFY, text, len(studio.x_test))
    error = close(found, studio.probabilities(model), 1e-4, name)
    millis = driver.execute_script("""
        const input = new Uint8Array(784), start = performance.now();
        for (let i = 0; i < 5; i++) candleStudio.classify(input);
        return (performance.now() - start) / 5;""")
    size = page.stat().st_size
    print(f"{name}: 200 images the same to {error:.0e}, {millis:.1f} ms an image, {size / 1e6:.2f} MB")
    assert name != "fast" or size <= 3e6, size
    loaded = driver.execute_script("return performance.getEntriesByType('resource').length")
    assert loaded == 0, f"{name} loads {loaded} files"


def draw(driver, strokes, kind):
    canvas = driver.find_element(By.ID, "canvas")
    side = canvas.size["width"]
    pointer = PointerInput(kind, kind)
    for stroke in strokes:
        actions = ActionChains(driver, 0)
        actions.w3c_actions.pointer_action.source = pointer
        actions.w3c_actions.devices = [pointer]
        at = lambda p: {"x": round((p[0] - 0.5) * side), "y": round((p[1] - 0.5) * side), "origin": canvas}
        pointer.create_pointer_move(0, **at(stroke[0]))
        pointer.create_pointer_down(button=0)
        for point in stroke[1:]:
            pointer.create_pointer_move(20, **at(point))
        pointer.create_pointer_up(0)
        actions.w3c_actions.perform()


def bars(driver):
    """Class names and shares as they are shown."""
    rows = driver.find_elements(By.CSS_SELECTOR, "#bars li")
    cells = [row.text.split("\n") for row in rows]
    return {name: float(share.rstrip(" %")) / 100 for name, share in cells}


def check_drawing(driver, studio, model):
    page = studio.folder / "draw.html"
    studio.run("export", model, "--web", page)
    open_page(driver, page)
    assert driver.find_element(By.ID, "answer").text == "Draw something to see the prediction."
    for kind in (interaction.POINTER_MOUSE, interaction.POINTER_TOUCH):
        for digit, strokes in STROKES.items():
            draw(driver, strokes, kind)
            driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
            pixels = driver.execute_script("return [...candleStudio.drawing().pixels]")
            picture = studio.folder / f"{digit}.png"
            Image.fromarray(np.array(pixels, np.uint8).reshape(280, 280)).save(picture)
            [answer], [ours] = studio.predict(model, picture)
            shown = bars(driver)
            error = abs(np.array(list(shown.values())) - ours).max()
            assert error < 0.002, f"{digit} drawn by {kind}: {shown} and {ours}"
            assert driver.find_element(By.ID, "answer").text.startswith(f"{answer},")
            print(f"a {digit} drawn by {kind}: {answer}, as candle-studio predict to {error:.4f}")
            driver.find_element(By.ID, "undo").click()
            assert driver.find_element(By.ID, "answer").text.startswith("Draw something")
    driver.set_window_size(360, 640)
    widths = driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1], f"a phone must scroll sideways: {widths}"


def check_centering(driver, studio, model):
    """Digits enlarged to the canvas become the inputs that candle-studio makes of them."""
    worst = 0
    for i, digit in enumerate(studio.x_test[:30]):
        drawing = np.zeros((280, 280), np.uint8)
        side = (84, 140, 224)[i % 3]
        big = np.asarray(Image.fromarray(digit).resize((side, side), Image.BICUBIC))
        drawing[10 : 10 + side, 20 : 20 + side] = big
        Image.fromarray(drawing).save(studio.folder / "big.png")
        found = driver.execute_script("""
            const drawing = { width: 280, height: 280, pixels: Uint8Array.from(arguments[0]) };
            return candleStudio.classify(candleStudio.inputOf(drawing, "center", [1, 28, 28])).probabilities;
            """, drawing.ravel().tolist())
        _, [ours] = studio.predict(model, studio.folder / "big.png")
        worst = max(worst, abs(np.array(found) - ours).max())
    assert worst < 0.02, worst
    print(f"30 enlarged digits centered: the same to {worst:.4f}")


def check_pictures(driver, studio, model, paths):
    """A photo, a transparent picture and a digit of the right size, opened as files."""
    page = studio.folder / "pictures.html"
    studio.run("export", model, "--web", page)
    open_page(driver, page)
    worst = 0
    for path in paths:
        if path.suffix == ".jpg" or "deep" in path.name:
            continue  # Decoded by other libraries, to other pixels.
        driver.find_element(By.ID, "file").send_keys(str(path))
        driver.execute_async_script("setTimeout(arguments[0], 300)")
        [answer], [ours] = studio.predict(model, path)
        shown = np.array(list(bars(driver).values()))
        error = abs(shown - ours).max()
        assert error < 0.03, f"{path.name}: {shown} and {ours}"
        worst = max(worst, error)
    driver.find_element(By.ID, "clear").click()
    print(f"pictures opened as files: as candle-studio predict to {worst:.4f}")


def main():
    studio = Studio(sys.argv[1], sys.argv[2])
    driver = browser()
    try:
        for name, model in studio.models():
            check_answers(driver, studio, name, model)
        model = studio.preset("mlp")
        studio.run("evaluate", model, "--data", studio.data, "--fit-temperature")
        check_answers(driver, studio, "mlp with a temperature", model)
        model = studio.train("--preset", "fast", "--set", "epochs=3")
        check_drawing(driver, studio, model)
        driver.set_window_size(900, 700)
        check_centering(driver, studio, model)
        paths = pictures(studio)
        check_pictures(driver, studio, model, paths)
        check_pictures(driver, studio, studio.color(), paths)
    finally:
        driver.quit()


main()
