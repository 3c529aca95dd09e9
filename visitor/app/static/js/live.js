// @ts-check
/**
 * Live regions: an element with `data-live-src` is refreshed from that address whenever the event stream at
 * `data-live-events` says something changed. Without a stream it asks every `data-live-seconds` (15).
 */

import { morph } from "./morph.js";

/** @import { Clock, Network } from "./types.js" */

const SETTLE_MS = 250;
const RETRY_STREAM_MS = 60_000;

/**
 * @param {Document} page
 * @param {Network} network
 * @param {Clock} clock
 */
export function startLive(page, network, clock) {
  for (const element of page.querySelectorAll("[data-live-src]")) {
    if (element instanceof HTMLElement) new LiveRegion(element, network, clock).start();
  }
}

/** One element that follows the server. */
class LiveRegion {
  /**
   * @param {HTMLElement} element
   * @param {Network} network
   * @param {Clock} clock
   */
  constructor(element, network, clock) {
    this.element = element;
    this.network = network;
    this.clock = clock;
    this.page = element.ownerDocument;
    this.status = this.page.querySelector("[data-live-status]");
    this.pollMs = Number(element.dataset.liveSeconds || 15) * 1000;
    /** @type {EventSource | undefined} */
    this.stream = undefined;
    /** @type {number | undefined} */
    this.refreshTimer = undefined;
    /** @type {number | undefined} */
    this.pollTimer = undefined;
    /** @type {number | undefined} */
    this.retryTimer = undefined;
    this.busy = false;
    this.again = false;
  }

  start() {
    this.page.addEventListener("visibilitychange", () => (this.page.hidden ? this.pause() : this.resume()));
    this.element.addEventListener("focusout", () => this.again && this.soon());
    if (!this.page.hidden) this.follow();
  }

  /** A screen nobody sees holds no connection: each one costs the server a thread. */
  pause() {
    this.stream?.close();
    this.stream = undefined;
    this.clock.clearTimeout(this.pollTimer);
    this.clock.clearTimeout(this.retryTimer);
  }

  resume() {
    this.pause();
    this.soon();
    this.follow();
  }

  follow() {
    const address = this.element.dataset.liveEvents;
    if (!address || !this.network.EventSource) {
      this.poll();
      return;
    }
    const stream = new this.network.EventSource(address);
    this.stream = stream;
    stream.addEventListener("open", () => {
      this.clock.clearTimeout(this.pollTimer);
      this.say("live");
      this.soon();
    });
    for (const name of (this.element.dataset.liveOn || "message changed").split(" ")) {
      stream.addEventListener(name, () => this.soon());
    }
    stream.addEventListener("error", () => this.lose(stream));
  }

  /** @param {EventSource} stream */
  lose(stream) {
    this.say("lost");
    if (stream.readyState !== this.network.EventSource.CLOSED) return;
    this.poll();
    this.clock.clearTimeout(this.retryTimer);
    this.retryTimer = this.clock.setTimeout(() => this.follow(), RETRY_STREAM_MS);
  }

  poll() {
    this.clock.clearTimeout(this.pollTimer);
    this.pollTimer = this.clock.setTimeout(async () => {
      await this.refresh();
      this.poll();
    }, this.pollMs);
  }

  /** Many events at once make one refresh. */
  soon() {
    this.clock.clearTimeout(this.refreshTimer);
    this.refreshTimer = this.clock.setTimeout(() => void this.refresh(), SETTLE_MS);
  }

  async refresh() {
    if (this.busy || this.inUse()) {
      this.again = true;
      return;
    }
    this.busy = true;
    this.again = false;
    try {
      const answer = await this.network.fetch(this.address(), { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (answer.redirected || answer.status === 401) {
        // Signed out meanwhile: the page itself must ask for the password again.
        this.page.location.reload();
        return;
      }
      if (!answer.ok) throw new Error(`refused with ${answer.status}`);
      this.show(await answer.text());
      this.say(this.element.dataset.liveEvents && this.stream?.readyState !== 1 ? "polled" : "live");
    } catch {
      this.say("lost");
    } finally {
      this.busy = false;
      if (this.again && !this.inUse()) this.soon();
    }
  }

  /** @returns {string} the fragment's address with the page's own filters */
  address() {
    const source = new URL(this.element.dataset.liveSrc || "", this.page.baseURI);
    for (const [name, value] of new URL(this.page.baseURI).searchParams) {
      if (!source.searchParams.has(name)) source.searchParams.append(name, value);
    }
    return source.href;
  }

  /** @returns {boolean} whether somebody is typing in the region; a tick box outlives a refresh */
  inUse() {
    const focused = this.page.activeElement;
    return this.element.contains(focused) && !!focused?.matches("input:not([type=checkbox]), select, textarea");
  }

  /** @param {string} text */
  show(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const copy = /** @type {Element} */ (this.element.cloneNode(false));
    copy.replaceChildren(...fresh.body.childNodes);
    morph(this.element, copy);
    this.element.dispatchEvent(new CustomEvent("live:updated", { bubbles: true }));
  }

  /** @param {"live" | "polled" | "lost"} state */
  say(state) {
    if (!(this.status instanceof HTMLElement)) return;
    const text = this.status.getAttribute(`data-text-${state}`) || "";
    if (this.status.dataset.liveState === state) return;
    this.status.dataset.liveState = state;
    this.status.textContent = text;
  }
}
