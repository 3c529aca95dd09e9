// @ts-check
/** Starts what a staff screen may hold. Every page also works without this file. */

import { startBulk } from "./bulk.js";
import { startClocks } from "./clock.js";
import { startComboboxes } from "./combobox.js";
import { startDialogs } from "./dialogs.js";
import { startListFilters } from "./list-filter.js";
import { startLive } from "./live.js";
import { startSearchKey } from "./search-key.js";
import { showCurrent } from "./strips.js";
import { startToasts } from "./toasts.js";

const network = { fetch: window.fetch.bind(window), EventSource: window.EventSource };
const clock = {
  now: () => Date.now(),
  setTimeout: window.setTimeout.bind(window),
  clearTimeout: window.clearTimeout.bind(window),
};

showCurrent(document);
startToasts(document, clock);
startDialogs(document);
startComboboxes(document, network, clock);
startListFilters(document);
startBulk(document);
startSearchKey(document);
startClocks(document, clock);
startLive(document, network, clock);
