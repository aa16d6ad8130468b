/* The first of the page's modules to run, with few imports: the states in view are on their way while the others load. */

import { loadEarly } from "./store/first-view.mjs";

loadEarly();
