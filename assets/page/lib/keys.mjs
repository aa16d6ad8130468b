/* Every key of the page, in one table: the handlers look their keys up here, and the help lists what stands here. */

/* {place, title, keys: [[name, combinations, what it does]]}. A combination is as event.key says, with Ctrl+, Alt+ or
   Shift+ before it; Ctrl is also the Mac's Command. Letters and signs are what is typed, whatever Shift does. */
/** @type {{ place: string, title: string, keys: [name: string, combinations: string[], words: string][] }[]} */
export const KEY_TABLE = [
  {
    place: "page",
    title: "Anywhere",
    keys: [
      ["left", ["ArrowLeft"], "a step to the left"],
      ["right", ["ArrowRight"], "a step to the right"],
      ["pageLeft", ["Shift+ArrowLeft"], "a page to the left"],
      ["pageRight", ["Shift+ArrowRight"], "a page to the right"],
      ["first", ["Home"], "to the first step"],
      ["last", ["End"], "to the last step"],
      ["zoomIn", ["+", "="], "zoom in"],
      ["zoomOut", ["-"], "zoom out"],
      ["pin", ["p"], "pin or unpin the unit that is pointed at or highlighted"],
      ["search", ["/"], "to the search"],
      ["tokens", ["t"], "to the tokens, to brush by keyboard"],
      ["text", ["y"], "to the box for your own text"],
      ["matches", ["m"], "to the matches"],
      ["large", ["l"], "large type for a projector, on or off"],
      ["earlier", ["["], "the checkpoint before, where a training has several"],
      ["later", ["]"], "the next checkpoint"],
      ["help", ["?"], "this list"],
    ],
  },
  {
    place: "history",
    title: "Undo",
    keys: [
      ["undo", ["Ctrl+z"], "undo the last change of the selection"],
      ["redo", ["Ctrl+Shift+z", "Ctrl+y"], "redo what was undone"],
    ],
  },
  {
    place: "lines",
    title: "On the lines",
    keys: [
      ["up", ["ArrowUp"], "raise the threshold"],
      ["down", ["ArrowDown"], "lower the threshold"],
      ["pageLeft", ["PageUp"], "a page to the left"],
      ["pageRight", ["PageDown"], "a page to the right"],
    ],
  },
  {
    place: "tokens",
    title: "On the tokens",
    keys: [
      ["begin", ["Enter"], "brush a window in the middle of the view"],
      ["back", ["ArrowLeft"], "move the window to the left"],
      ["on", ["ArrowRight"], "move the window to the right"],
      ["shrink", ["Shift+ArrowLeft"], "make it a step shorter"],
      ["grow", ["Shift+ArrowRight"], "make it a step longer"],
      ["clear", ["Escape", "Delete"], "clear the brush"],
    ],
  },
  {
    place: "pair",
    title: "On the texts of a pair",
    keys: [
      ["begin", ["Enter"], "brush the first token"],
      ["back", ["ArrowLeft"], "move the brush to the left"],
      ["on", ["ArrowRight"], "move it to the right"],
      ["shrink", ["Shift+ArrowLeft"], "make it a token shorter"],
      ["grow", ["Shift+ArrowRight"], "make it a token longer"],
      ["other", ["ArrowUp", "ArrowDown"], "to the other text"],
      ["clear", ["Escape", "Delete"], "clear the brush"],
    ],
  },
  {
    place: "paint",
    title: "On the tokens, while labels are painted",
    keys: [
      [
        "label",
        ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
        "give the stretch that label, and go on to the next token",
      ],
      ["erase", ["0", "Backspace", "Delete"], "take the labels of the stretch away"],
      ["back", ["ArrowLeft"], "a token to the left"],
      ["on", ["ArrowRight"], "a token to the right"],
      ["shrink", ["Shift+ArrowLeft"], "make the stretch a token shorter"],
      ["grow", ["Shift+ArrowRight"], "make it a token longer"],
      ["undo", ["Ctrl+z"], "undo the last change of the tracks"],
      ["end", ["Escape"], "stop painting"],
    ],
  },
  {
    place: "map",
    title: "On the map",
    keys: [
      ["left", ["ArrowLeft"], "look further to the left"],
      ["right", ["ArrowRight"], "to the right"],
      ["up", ["ArrowUp"], "up"],
      ["down", ["ArrowDown"], "down"],
      ["zoomIn", ["+", "="], "zoom in"],
      ["zoomOut", ["-"], "zoom out"],
      ["fit", ["0"], "all points in view"],
      ["list", ["Enter"], "list the tokens of all points in view"],
      ["back", ["Escape"], "close the region: back to the matches"],
    ],
  },
  {
    place: "chip",
    title: "On a unit's chip",
    keys: [
      ["out", ["Delete", "Backspace"], "take the unit out of the pattern"],
      ["ablate", ["a"], "ablate the unit in your text, or release it"],
      ["menu", ["ArrowDown"], "its menu"],
    ],
  },
  {
    place: "menu",
    title: "In a unit's menu",
    keys: [
      ["down", ["ArrowDown"], "the next entry"],
      ["up", ["ArrowUp"], "the one before"],
      ["close", ["Escape"], "back to the chip"],
    ],
  },
  {
    place: "row",
    title: "On a row of the matches",
    keys: [
      ["down", ["ArrowDown"], "the next row or heading"],
      ["up", ["ArrowUp"], "the one before"],
      ["mark", ["m"], "mark or unmark the row"],
      ["brush", ["b"], "brush the match where it is"],
      ["hide", ["Delete", "Backspace"], "hide the row"],
    ],
  },
  {
    place: "corpus",
    title: "On the strip of the whole corpus",
    keys: [
      ["back", ["ArrowLeft", "ArrowDown"], "back by a hundredth of it"],
      ["on", ["ArrowRight", "ArrowUp"], "on by a hundredth"],
      ["farBack", ["PageUp", "Shift+ArrowLeft", "Shift+ArrowDown"], "back by a tenth"],
      ["farOn", ["PageDown", "Shift+ArrowRight", "Shift+ArrowUp"], "on by a tenth"],
      ["first", ["Home"], "to the first step"],
      ["last", ["End"], "to the last step"],
    ],
  },
  {
    place: "curve",
    title: "On the threshold's curve",
    keys: [
      ["up", ["ArrowRight", "ArrowUp"], "raise the threshold"],
      ["down", ["ArrowLeft", "ArrowDown"], "lower it"],
      ["farUp", ["PageUp", "Shift+ArrowRight", "Shift+ArrowUp"], "raise it by ten times as much"],
      ["farDown", ["PageDown", "Shift+ArrowLeft", "Shift+ArrowDown"], "lower it by as much"],
      ["least", ["Home"], "to the lowest of the curve"],
      ["most", ["End"], "to the highest"],
    ],
  },
  {
    place: "list",
    title: "In a list of sequences or hits",
    keys: [
      ["down", ["ArrowDown"], "the next one"],
      ["up", ["ArrowUp"], "the one before"],
      ["pageDown", ["PageDown"], "a page down"],
      ["pageUp", ["PageUp"], "a page up"],
      ["first", ["Home"], "to the first"],
      ["last", ["End"], "to the last"],
      ["go", ["Enter", " "], "go there"],
    ],
  },
  {
    place: "search",
    title: "In the search",
    keys: [
      ["next", ["Enter"], "the next hit"],
      ["back", ["Shift+Enter"], "the hit before"],
      ["forget", ["Escape"], "clear the hits"],
    ],
  },
  {
    place: "start",
    title: "In the search of the recordings",
    keys: [
      ["open", ["Enter"], "open the first that is shown"],
      ["cards", ["ArrowDown"], "to the recordings"],
      ["all", ["Escape"], "show all again"],
    ],
  },
  {
    place: "cards",
    title: "On a recording",
    keys: [
      ["back", ["ArrowLeft"], "the one before"],
      ["on", ["ArrowRight"], "the next one"],
      ["up", ["ArrowUp"], "the one above"],
      ["down", ["ArrowDown"], "the one below"],
      ["search", ["/"], "to the search"],
    ],
  },
];
const SHOWN = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  PageUp: "Page ↑",
  PageDown: "Page ↓",
  Backspace: "⌫",
  "-": "−",
  " ": "Space",
};

/**
 * What a keyboard event is in the table's words.
 * @param {KeyboardEvent} event
 */
export function combination({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  const isTyped = key.length === 1;
  const isCommand = ctrlKey || metaKey;
  const before = [isCommand ? "Ctrl+" : "", altKey ? "Alt+" : "", shiftKey && (!isTyped || isCommand) ? "Shift+" : ""];
  return before.join("") + (isTyped ? key.toLowerCase() : key);
}

/**
 * The name of what a key does in a place, or null.
 * @param {string} place
 * @param {KeyboardEvent} event
 */
export function keyName(place, event) {
  const pressed = combination(event);
  const line = KEY_TABLE.find((part) => part.place === place).keys.find(([, keys]) => keys.includes(pressed));
  return line ? line[0] : null;
}

/**
 * Do what a key stands for in a place, by `acts` ({name: act}); true if there was something to do.
 * @param {string} place
 * @param {KeyboardEvent} event
 * @param {Record<string, (event: KeyboardEvent) => unknown>} acts
 */
export function actOnKey(place, event, acts) {
  const name = keyName(place, event);
  if (name === null || !acts[name]) return false;
  event.preventDefault();
  acts[name](event);
  return true;
}

/**
 * How a combination is shown: ["Ctrl", "Z"].
 * @param {string} text
 */
export function keyCaps(text) {
  const parts = text.length > 1 ? text.split("+") : [text];
  return parts.map(
    (part) => /** @type {Record<string, string>} */ (SHOWN)[part] || (part.length === 1 ? part.toUpperCase() : part),
  );
}
