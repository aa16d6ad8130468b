/* Dash says nothing when one of its requests fails: look at each, and tell the page in words. */

import { ids } from "../dom/ids.mjs";
import { loseMatches } from "./matches.mjs";
import { serverLost } from "./request.mjs";
import { loseSummary } from "./summary.mjs";

export function watchFetch() {
  const native = window.fetch.bind(window);

  window.fetch = async (resource, options) => {
    const url = String(resource?.url || resource);
    if (!url.includes("_dash-update-component")) return native(resource, options);
    const lost = String(options?.body).includes(`"output":"${ids.summary}.`) ? loseSummary : loseMatches;
    let answer;
    try {
      answer = await native(resource, options);
    } catch (error) {
      serverLost();
      lost("the server does not answer; is it still running?");
      throw error;
    }
    if (!answer.ok) lost(`the server answered ${answer.status}; its log may say why`);
    return answer;
  };
}
