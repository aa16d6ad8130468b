/* The texts of a page, measured where they stand. Canvases: what fillText draws is kept until its place is cleared. */
(() => {
  const drawn = new WeakMap(); // canvas -> [{text, quad in its CSS pixels, isTurned}]
  const pen = CanvasRenderingContext2D.prototype;
  const { fillText, clearRect } = pen;

  const ratio = (canvas) => (canvas.clientWidth ? canvas.width / canvas.clientWidth : 1);

  pen.fillText = function (text, x, y, most) {
    fillText.apply(this, arguments);
    if (!String(text).trim()) return;
    const size = this.measureText(text);
    const squeeze = most !== undefined && size.width > most ? most / size.width : 1;
    const [left, right] = [x - size.actualBoundingBoxLeft * squeeze, x + size.actualBoundingBoxRight * squeeze];
    const [top, bottom] = [y - size.actualBoundingBoxAscent, y + size.actualBoundingBoxDescent];
    const turned = this.getTransform();
    const k = ratio(this.canvas);
    const quad = [[left, top], [right, top], [right, bottom], [left, bottom]].map(([a, b]) => {
      const point = turned.transformPoint({ x: a, y: b });
      return [point.x / k, point.y / k];
    });
    if (!drawn.has(this.canvas)) drawn.set(this.canvas, []);
    drawn.get(this.canvas).push({ text: String(text), quad, isTurned: turned.b !== 0 });
  };

  pen.clearRect = function (x, y, wide, tall) {
    clearRect.apply(this, arguments);
    const turned = this.getTransform();
    const k = ratio(this.canvas);
    const from = turned.transformPoint({ x, y });
    const to = turned.transformPoint({ x: x + wide, y: y + tall });
    const kept = (drawn.get(this.canvas) || []).filter(({ quad }) => {
      const [cx, cy] = middle(quad);
      return cx < from.x / k - 1 || cx > to.x / k + 1 || cy < from.y / k - 1 || cy > to.y / k + 1;
    });
    drawn.set(this.canvas, kept);
  };

  for (const side of ["width", "height"]) {
    const { get, set } = Object.getOwnPropertyDescriptor(HTMLCanvasElement.prototype, side);
    Object.defineProperty(HTMLCanvasElement.prototype, side, {
      configurable: true,
      get,
      set(value) {
        set.call(this, value);
        drawn.delete(this); // which also clears it
      },
    });
  }

  const middle = (quad) => [0, 1].map((axis) => quad.reduce((sum, point) => sum + point[axis], 0) / quad.length);
  const around = (quad) => {
    const [xs, ys] = [0, 1].map((axis) => quad.map((point) => point[axis]));
    return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  };
  const quadOf = ({ left, right, top, bottom }) => [[left, top], [right, top], [right, bottom], [left, bottom]];

  /* What of a box its ancestors let be seen; null where nothing. `isScrolled`: some of it is out of a list that scrolls. */
  function clipped(box, element) {
    const seen = { ...box };
    let isScrolled = false;
    for (let at = element; at && at !== document.documentElement; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.position === "fixed" && at !== element) break;
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      if (at === document.body) continue;
      const edge = at.getBoundingClientRect();
      const before = JSON.stringify(seen);
      seen.left = Math.max(seen.left, edge.left);
      seen.right = Math.min(seen.right, edge.right);
      seen.top = Math.max(seen.top, edge.top);
      seen.bottom = Math.min(seen.bottom, edge.bottom);
      if (before !== JSON.stringify(seen) && /auto|scroll/.test(style.overflowX + style.overflowY)) isScrolled = true;
    }
    return seen.right - seen.left > 1 && seen.bottom - seen.top > 1 ? { seen, isScrolled } : null;
  }

  function isSeen(element) {
    return element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  }

  /* Is it to be seen at its middle, and not under a menu or what sticks? */
  function isOnTop([x, y], element) {
    if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return false;
    for (const over of document.elementsFromPoint(x, y)) {
      if (element.contains(over) || over.contains(element)) return true;
      const ground = getComputedStyle(over).backgroundColor;
      if (!/^rgba\(.* 0(\.\d+)?\)$|transparent/.test(ground)) return false;
    }
    return false;
  }

  function elementTexts(root) {
    const found = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.data.trim() || element.closest("script, style, option, .lv-unseen, .lv-copy-label") || !isSeen(element)) continue;
      range.selectNodeContents(node);
      const size = parseFloat(getComputedStyle(element).fontSize);
      for (const box of range.getClientRects()) {
        if (box.width < 1 || box.height < 1) continue;
        const spare = Math.max(0, (box.height - 0.72 * size) / 2); // of its line, above and below its letters
        const ink = { left: box.left, right: box.right, top: box.top + spare, bottom: box.bottom - spare };
        const part = clipped(ink, element);
        if (!part) continue;
        const quad = quadOf(part.seen);
        if (!isOnTop(middle(quad), element)) continue;
        found.push({ text: node.data.trim(), quad, element, whole: ink, isScrolled: part.isScrolled });
      }
    }
    return found;
  }

  function canvasTexts(root) {
    const found = [];
    for (const canvas of root.querySelectorAll("canvas")) {
      if (!isSeen(canvas)) continue;
      const box = canvas.getBoundingClientRect();
      for (const { text, quad, isTurned } of drawn.get(canvas) || []) {
        const placed = quad.map(([x, y]) => [x + box.left, y + box.top]);
        const part = clipped(around(placed), canvas);
        if (!part) continue;
        if (!isOnTop(middle(placed), canvas.parentElement)) continue;
        found.push({ text, quad: isTurned ? placed : quadOf(part.seen), element: canvas, isTurned, isCanvas: true, box });
      }
    }
    return found;
  }

  /* Do two convex quads overlap by more than `least` px whichever way one looks at them? */
  function overlaps(a, b, least) {
    for (const quad of [a, b])
      for (let k = 0; k < 4; k++) {
        const [x, y] = [quad[(k + 1) % 4][0] - quad[k][0], quad[(k + 1) % 4][1] - quad[k][1]];
        const long = Math.hypot(x, y) || 1;
        const along = (one) => one.map(([px, py]) => (-y * px + x * py) / long);
        const [p, q] = [along(a), along(b)];
        if (Math.min(Math.max(...p), Math.max(...q)) - Math.max(Math.min(...p), Math.min(...q)) < least) return false;
      }
    return true;
  }

  const place = (element) => {
    const named = element.closest("[id]");
    return `${named ? `#${named.id} ` : ""}${element.className?.baseVal ?? element.className ?? element.tagName}`.slice(0, 60);
  };
  const told = (one) => `"${one.text.slice(0, 40)}" (${place(one.element)})`;

  function overlapping(texts) {
    const found = [];
    const bounds = texts.map((one) => around(one.quad));
    for (let i = 0; i < texts.length; i++)
      for (let k = i + 1; k < texts.length; k++) {
        const [a, b] = [bounds[i], bounds[k]];
        if (a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top) continue;
        const isSame = texts[i].text === texts[k].text && Math.abs(a.left - b.left) < 1 && Math.abs(a.top - b.top) < 1;
        if (!isSame && overlaps(texts[i].quad, texts[k].quad, 1.5)) found.push(`overlap: ${told(texts[i])} and ${told(texts[k])}`);
      }
    return found;
  }

  const FRAMED = "button, input, select, canvas, svg, .lv-card, .lv-panel, .mantine-Input-wrapper, dialog";

  /* Px that are free right of a box in its band, up to the next thing or the edge of what frames it. */
  function freeRight(element, box, others) {
    let edge = innerWidth;
    for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      const isFrame = parseFloat(style.borderRightWidth) > 0 || style.overflowX !== "visible" || at.matches(".lv-column, .lv-main");
      if (isFrame) edge = Math.min(edge, at.getBoundingClientRect().right - parseFloat(style.paddingRight));
    }
    for (const other of others) {
      if (other.element === element || element.contains(other.element)) continue;
      const there = other.box;
      if (there.bottom <= box.top + 1 || there.top >= box.bottom - 1) continue;
      if (there.left >= box.right - 1) edge = Math.min(edge, there.left);
    }
    return edge - box.right;
  }

  function cutElements(root, texts) {
    const found = [];
    const framed = [...root.querySelectorAll(FRAMED)].filter(isSeen).map((element) => ({ element, box: element.getBoundingClientRect() }));
    const others = [...texts.map((one) => ({ element: one.element, box: around(one.quad) })), ...framed];
    for (const element of root.querySelectorAll("*")) {
      const style = getComputedStyle(element);
      if (style.overflowX !== "hidden" || !element.clientWidth || !isSeen(element) || element.closest(".lv-unseen, .lv-copy-label")) continue;
      const isText = style.textOverflow === "ellipsis" || element.matches("button, .lv-chip");
      const missing = element.scrollWidth - element.clientWidth;
      if (!isText || missing <= 1) continue;
      const box = element.getBoundingClientRect();
      if (!isOnTop([(box.left + box.right) / 2, (box.top + box.bottom) / 2], element)) continue;
      const apart = others.filter(({ element: other }) => !other.contains(element) && !element.contains(other));
      const free = freeRight(element, box, apart);
      if (free >= missing + 4) found.push(`cut: "${(element.value ?? element.textContent).slice(0, 60)}" (${place(element)}) lacks ${Math.round(missing)} px and ${Math.round(free)} are free`);
    }
    return found;
  }

  /* The number of a field, which is nothing when it is cut, and buttons that stand over the edge of their column. */
  function brokenControls(root) {
    const found = [];
    const pen = document.createElement("canvas").getContext("2d");
    for (const input of root.querySelectorAll("input.mantine-NumberInput-input")) {
      const style = getComputedStyle(input);
      pen.font = style.font;
      const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      const missing = pen.measureText(input.value).width - room;
      if (input.clientWidth && isSeen(input) && missing > 0.5) found.push(`cut: "${input.value}" (${place(input)}) lacks ${Math.ceil(missing)} px`);
    }
    for (const button of root.querySelectorAll(".lv-column :is(button, input)")) {
      const edge = button.closest(".lv-select, .lv-matches, .lv-survey")?.getBoundingClientRect().right;
      const box = button.getBoundingClientRect();
      const isInList = button.closest(".lv-survey-body, .lv-panel, .lv-series-moments, .lv-match-block");
      if (box.width && isSeen(button) && !isInList && clipped(box, button)?.seen.right > edge + 1) found.push(`over the edge: ${place(button)}`);
    }
    return found;
  }

  const LETTER = 16; // px that a cut text would take for one more letter and its ellipsis
  const copy = document.createElement("canvas"); // of one row of pixels

  /* The colours of a row of a canvas. */
  function colours(canvas, y) {
    copy.width = canvas.width; // which also clears it
    copy.height = 1;
    const pen = copy.getContext("2d", { willReadFrequently: true });
    pen.drawImage(canvas, 0, -y);
    const { data } = pen.getImageData(0, 0, copy.width, 1);
    return Array.from({ length: copy.width }, (_, x) => data.slice(4 * x, 4 * x + 4).join());
  }

  const mostOf = (list) => {
    const counts = new Map();
    for (const one of list) counts.set(one, (counts.get(one) || 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  };

  /* The cell of a token, whose ground may be that of the page. */
  function cellAround(canvas, [x, y]) {
    if (!canvas.closest("#lv-strip")) return null;
    return lvDebug.inspectPage().cells.find((cell) => cell.left <= x && x < cell.right && Math.abs(y - cell.middle) < 12);
  }

  /* A text cut on a canvas: is the ground it stands on wider than it needs? */
  function cutDrawings(texts) {
    const found = [];
    for (const one of texts.filter((text) => text.isCanvas && !text.isTurned && text.text.endsWith("…") && text.text !== "…")) {
      const k = ratio(one.element);
      const bounds = around(one.quad);
      const row = colours(one.element, Math.round((bounds.top - 1 - one.box.top) * k)); // just over its letters
      const [left, right] = [bounds.left - one.box.left, bounds.right - one.box.left].map((x) => Math.round(x * k));
      const ground = mostOf(row.slice(left, right));
      const cell = cellAround(one.element, middle(one.quad));
      const [least, most] = cell ? [cell.left, cell.right].map((x) => (x - one.box.left) * k) : [0, row.length];
      let [from, to] = [left, right];
      while (from > least && row[from - 1] === ground) from--;
      while (to < most && row[to] === ground) to++;
      const isLeft = /left|start/.test(one.element.getContext("2d").textAlign);
      const free = (to - right + (isLeft ? 0 : left - from)) / k;
      if (free >= LETTER) found.push(`cut: ${told(one)} though ${Math.round(free)} px are free`);
    }
    return found;
  }

  function past(texts) {
    return texts.filter((one) => around(one.quad).right > innerWidth + 1 && !one.isScrolled).map((one) => `past the edge: ${told(one)}`);
  }

  window.crowdedTexts = (within) => {
    const root = within ? document.querySelector(within) : document.body;
    const texts = [...elementTexts(root), ...canvasTexts(root)];
    return { n: texts.length, n_drawn: texts.filter((one) => one.isCanvas).length, found: [...overlapping(texts), ...past(texts), ...cutElements(root, texts), ...cutDrawings(texts), ...brokenControls(root)] };
  };
})();
