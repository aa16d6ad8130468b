/* What is shown in place of the matches while none are asked for: how to get some. */

import { element } from "../dom/element.mjs";

const HOW = [
  ["Brush a span", "Drag over tokens that share something: a phrase, a bracket, a stretch of one value."],
  [
    "See its units",
    "Units at or above the threshold through exactly that span turn blue. Off-handles sharpen where they start and end.",
  ],
  [
    "Read the matches",
    "Every place in the corpus where the same units are on together is listed here, best first. Do they share it too?",
  ],
];

export function explainMatching() {
  const list = element("ol", "lv-how");
  for (const [title, words] of HOW) {
    const item = element("li");
    item.append(element("strong", "", title), words);
    list.append(item);
  }
  return list;
}
