/* What may be shown beside the recording, which is what the server says holds the same text: a list of it in the menu of what
   is shown. */

import { element } from "../dom/element.mjs";
import { showToken } from "../lib/tokens.mjs";
import { model } from "../store/model.mjs";
import { getJson } from "../store/request.mjs";
import { changeState, state } from "../store/state.mjs";

const offers = new Map(); // "uuid axis" -> promise of [{uuid, name, axis, sources}]

/**
 * What can be shown beside the present recording: asked once for each.
 * @returns {Promise<{ uuid: string, name: string, sources: string[] }[]>}
 */
export function besideOffers() {
  const key = `${state.dump} ${model.axis.index}`;
  if (!offers.has(key)) {
    const asked = getJson(`d/${state.dump}/beside/${model.axis.index}`).then((answer) => answer.dumps);
    asked.catch(() => offers.delete(key));
    offers.set(key, asked);
  }
  return offers.get(key);
}

/**
 * In the menu of what is shown: a list of all second sources on offer.
 * @param {HTMLElement} panel
 */
export function fillBesideMenu(panel) {
  const { dump: present, source: plotted, beside } = state;
  const select = element("select", "lv-choice", "", { "aria-label": "Another recording or source beside this one" });
  /**
   * @param {string} value
   * @param {string} words
   */
  const option = (value, words) => {
    const one = element("option", "", words, { value });
    one.selected = beside !== null && value === `${beside.dump}/${beside.source}`;
    return one;
  };
  const note = element("p", "lv-panel-note", "");
  select.append(option("", "nothing"));
  panel.append(element("p", "lv-panel-head", "Beside, at the same steps"), select, note);
  select.addEventListener("change", () => {
    const at = select.value.indexOf("/");
    changeState(
      { beside: at < 0 ? null : { dump: select.value.slice(0, at), source: select.value.slice(at + 1) } },
      "settle",
    );
  });
  besideOffers().then(
    (dumps) => {
      for (const dump of dumps) {
        const free = dump.sources.filter((source) => dump.uuid !== present || source !== plotted);
        if (!free.length) continue;
        const group = element("optgroup", "", "", {
          label: dump.uuid === present ? "this recording" : showToken(dump.name).text,
        });
        group.append(...free.map((source) => option(`${dump.uuid}/${source}`, showToken(source).text)));
        select.append(group);
      }
      if (select.length < 2) note.textContent = "No other source or recording of this text is served.";
    },
    (error) => (note.textContent = `The sources to show beside this one could not be listed: ${error.message}`),
  );
}
