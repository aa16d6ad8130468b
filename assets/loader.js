/* What Dash finds by name: its clientside callbacks, each handed on to the page's modules once they are here. */
(() => {
  const page = import(/** @type {HTMLScriptElement} */ (document.getElementById("lv-main")).src);
  page.catch((error) => {
    const place = document.getElementById("lv-notice");
    if (!place) return;
    place.hidden = false;
    place.textContent = `The page's scripts could not be loaded: ${error.message}. Reload the page.`;
  });

  /**
   * @param {string} name
   * @param {unknown} value
   */
  async function handOn(name, value) {
    (await page).callbacks[name](value);
    return window.dash_clientside.no_update;
  }

  const get = (/** @type {object} */ _, /** @type {string} */ name) => (/** @type {unknown} */ value) =>
    handOn(name, value);
  const byName = new Proxy({}, { get });
  window.dash_clientside = Object.assign({}, window.dash_clientside, { lstmviz: byName });
})();
