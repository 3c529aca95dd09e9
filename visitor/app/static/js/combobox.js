// @ts-check
/**
 * A text input that offers choices from the server (ARIA combobox with a list, selection by hand).
 *
 * Wants `[data-combobox]` around an `input[role=combobox]`, an `input[type=hidden]` for the chosen value,
 * a `ul[role=listbox]` and a `[role=status]`. The address in `data-src` answers `?q=` with
 * `{"options": [{"value": "7", "label": "Ann Lee", "detail": "Finance"}]}`.
 */

/** @import { Clock, Network } from "./types.js" */
/** @typedef {{ value: string, label: string, detail?: string }} Option */

const SETTLE_MS = 180;

/**
 * @param {Document} page
 * @param {Network} network
 * @param {Clock} clock
 */
export function startComboboxes(page, network, clock) {
  for (const box of page.querySelectorAll("[data-combobox]")) {
    if (box instanceof HTMLElement) new Combobox(box, network, clock).start();
  }
}

/**
 * @template {Element} T
 * @param {Element} root
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
function need(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`combobox without ${selector}`);
  return found;
}

/** One combobox on the page. */
class Combobox {
  /**
   * @param {HTMLElement} box
   * @param {Network} network
   * @param {Clock} clock
   */
  constructor(box, network, clock) {
    this.box = box;
    this.network = network;
    this.clock = clock;
    this.input = need(box, "input[role=combobox]", HTMLInputElement);
    this.chosen = need(box, "input[type=hidden]", HTMLInputElement);
    this.list = need(box, "[role=listbox]", HTMLElement);
    this.status = need(box, "[role=status]", HTMLElement);
    /** @type {Option[]} */
    this.options = [];
    this.active = -1;
    /** @type {number | undefined} */
    this.timer = undefined;
    /** @type {AbortController | undefined} */
    this.asking = undefined;
  }

  start() {
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => {
      // The input must keep focus, or blur would close the list before the click arrives.
      event.preventDefault();
      const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
      if (option) this.choose([...this.list.children].indexOf(option));
    });
    // Somebody typed while this script was still on its way.
    if (this.input.value && this.input.ownerDocument.activeElement === this.input) this.typed();
  }

  typed() {
    this.chosen.value = "";
    this.clock.clearTimeout(this.timer);
    this.timer = this.clock.setTimeout(() => void this.ask(), SETTLE_MS);
  }

  async ask() {
    this.asking?.abort();
    const words = this.input.value.trim();
    if (!words) {
      this.close();
      return;
    }
    this.asking = new AbortController();
    const source = new URL(this.box.dataset.src || "", this.box.ownerDocument.baseURI);
    source.searchParams.set("q", words);
    try {
      const answer = await this.network.fetch(source, { signal: this.asking.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`refused with ${answer.status}`);
      this.open((await answer.json()).options);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      this.close();
      this.status.textContent = this.box.dataset.textFailed || "";
    }
  }

  /** @param {Option[]} options */
  open(options) {
    this.options = options;
    this.active = -1;
    this.list.replaceChildren(...options.map((option, index) => this.draw(option, index)));
    const any = options.length > 0;
    this.list.hidden = !any;
    this.input.setAttribute("aria-expanded", String(any));
    this.input.removeAttribute("aria-activedescendant");
    const text = any ? this.box.dataset.textFound : this.box.dataset.textNone;
    this.status.textContent = (text || "").replace("{count}", String(options.length));
  }

  /**
   * @param {Option} option
   * @param {number} index
   * @returns {HTMLLIElement}
   */
  draw(option, index) {
    const row = this.box.ownerDocument.createElement("li");
    row.id = `${this.list.id}-${index}`;
    row.className = "combobox-option";
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    row.append(option.label);
    if (option.detail) {
      const detail = this.box.ownerDocument.createElement("span");
      detail.className = "combobox-detail";
      detail.textContent = option.detail;
      row.append(" ", detail);
    }
    return row;
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const isOpen = !this.list.hidden;
    if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      this.close();
    } else if (event.key === "Enter" && isOpen && this.active >= 0) {
      event.preventDefault();
      this.choose(this.active);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (isOpen) this.move(event.key === "ArrowDown" ? 1 : -1);
      else void this.ask();
    }
  }

  /** @param {number} step */
  move(step) {
    const count = this.options.length;
    const from = this.active < 0 && step < 0 ? 0 : this.active;
    this.active = (from + step + count) % count;
    [...this.list.children].forEach((row, index) => {
      row.setAttribute("aria-selected", String(index === this.active));
      if (index === this.active) {
        this.input.setAttribute("aria-activedescendant", row.id);
        row.scrollIntoView({ block: "nearest" });
      }
    });
  }

  /** @param {number} index */
  choose(index) {
    const option = this.options[index];
    if (!option) return;
    this.input.value = option.label;
    this.chosen.value = option.value;
    this.close();
    this.status.textContent = "";
    this.chosen.dispatchEvent(new Event("change", { bubbles: true }));
  }

  close() {
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
