/* Rooms whose modules come when they are first needed: a page that never opens one does not load it. */

import { onFrame, redrawAll } from "../dom/frame.mjs";
import { notifyFailure } from "../dom/notice.mjs";
import { serverBack } from "../store/request.mjs";
import { servedChanged } from "../store/served.mjs";

/** @typedef {Room & { stage: "away" | "coming" | "here" | "failed", hooks: RoomHooks }} KnownRoom */

const /** @type {Map<string, KnownRoom>} */ rooms = new Map();

/**
 * Load each of these rooms as soon as it is needed.
 * @param {Room[]} given
 */
export function watchRooms(given) {
  for (const room of given) rooms.set(room.name, { ...room, stage: "away", hooks: {} });
  onFrame(["base", "selection", "survey"], loadNeeded); // the recording, the state, and what is folded out beside them
  servedChanged.on(loadNeeded);
  serverBack.on(() => {
    for (const room of rooms.values()) if (room.stage === "failed") room.stage = "away";
    loadNeeded();
  });
  loadNeeded();
}

function loadNeeded() {
  for (const room of rooms.values()) {
    const isNeeded = room.isNeeded();
    if (isNeeded && room.stage === "away") load(room);
    if (!isNeeded && room.stage === "failed") room.stage = "away"; // tried again when it is next needed
  }
}

/** @param {KnownRoom} room */
async function load(room) {
  room.stage = "coming";
  try {
    room.hooks = await room.load();
    room.stage = "here";
    redrawAll();
  } catch (error) {
    room.stage = "failed";
    notifyFailure(`loading ${room.words}`, error);
  }
}

/**
 * What a room has for tests; nothing until it is here.
 * @param {string} name
 */
export const roomHooks = (name) => rooms.get(name)?.hooks || {};

/* Is every room here that is needed now, or told to have failed? */
export const areRoomsHere = () =>
  [...rooms.values()].every(({ stage, isNeeded }) => stage === "here" || stage === "failed" || !isNeeded());
