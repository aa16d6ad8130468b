/* Which revision the added tracks of the recording have that is shown: what is kept of tracks is kept for one revision. */

let revision = "";

export const tracksRevision = () => revision;

/** @param {string} now */
export function setTracksRevision(now) {
  revision = now;
}

/* What an address of something with tracks in it ends with, so that a browser may keep the answer. */
export const tracksQuery = () => (revision ? `tracks=${revision}` : "");
