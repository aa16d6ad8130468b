/* The tooltip: text only, beside the pointer, inside the window. */

let /** @type {HTMLElement} */ box = null;

/**
 * `lines`: [strong first line, more lines ...]; every one goes to textContent.
 * @param {{ clientX: number, clientY: number }} event
 * @param {string[]} lines
 */
export function showTip(event, lines) {
  if (!box) {
    box = document.createElement("div");
    box.className = "lv-tip";
    box.setAttribute("role", "tooltip");
    document.body.append(box);
  }
  box.replaceChildren(
    ...lines.filter(Boolean).map((text, k) => {
      const line = document.createElement("bdi");
      line.className = k === 0 ? "lv-tip-first" : "";
      line.textContent = text;
      return line;
    }),
  );
  box.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = box;
  const left = event.clientX + 14 + width > window.innerWidth ? event.clientX - width - 10 : event.clientX + 14;
  const top = event.clientY + 18 + height > window.innerHeight ? event.clientY - height - 10 : event.clientY + 18;
  box.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
}

export function hideTip() {
  if (box) box.hidden = true;
}
