/* What a tab keeps over a reload. A browser that keeps nothing begins again. */

/**
 * @param {string} name
 * @param {object} value
 */
export function keepInTab(name, value) {
  try {
    window.sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // storage is full, or switched off
  }
}

/**
 * @param {string} name
 * @returns {any} null where nothing was kept
 */
export function keptInTab(name) {
  try {
    return JSON.parse(window.sessionStorage.getItem(name));
  } catch {
    return null;
  }
}
