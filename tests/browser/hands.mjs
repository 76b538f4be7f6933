// Two ways of doing the same on a page: by keyboard alone, and without scripts on a telephone.
//
// Controls are called by their id, their value or the whole of their text.

/** Nothing is clicked, filled in or focused by a script: only keys are pressed. */
export class Keyboard {
  static options = {};

  constructor(page) { this.page = page; }

  /** Goes on by Tab until a control is reached, or one of a group of round boxes; around the page, if need be. */
  async #to(name) {
    const isThere = (name) => {
      const it = document.activeElement;
      const names = it.type === "radio" ? [it.name] : [it.id, it.value, it.textContent.replace(/\s+/g, " ").trim()];
      return it !== document.body && names.includes(name);
    };
    for (let n = 0; n < 200; n += 1) {
      await this.page.keyboard.press("Tab");
      if (await this.page.evaluate(isThere, name)) return;
    }
    throw new Error(`Tab does not lead to ${name} at ${this.page.url()}`);
  }

  /** Presses a button or follows a link, and waits for the page that comes. */
  async press(name) {
    await this.#to(name);
    await Promise.all([this.page.waitForNavigation(), this.page.keyboard.press("Enter")]);
  }

  async type(name, text) {
    await this.#to(name);
    await this.page.keyboard.type(text);
  }

  /** Chooses from a list by the beginning of its text, as a list hears it. */
  async choose(name, text) { await this.type(name, text); }

  /** Chooses one of a group of round boxes. */
  async pick(group, value) {
    await this.#to(group);
    await this.page.keyboard.press("Space");
    const is = () => this.page.evaluate((value) => document.activeElement.value === value && document.activeElement.checked, value);
    for (let n = 0; n < 20 && !(await is()); n += 1) await this.page.keyboard.press("ArrowDown");
  }

  /** Gives a file to a field. Only the window of the system, which is none of ours, is not led by keys. */
  async give(name, file) {
    await this.#to(name);
    await this.page.waitForFunction(() => document.hasFocus() && document.activeElement.type === "file");
    const [chooser] = await Promise.all([this.page.waitForEvent("filechooser"), this.page.keyboard.press("Enter")]);
    await chooser.setFiles(file);
  }

  /** Leaves quickly. */
  async leave() {
    for (let n = 0; n < 3; n += 1) await this.page.keyboard.press("Escape");
  }

  /** Nothing is looked at here: that would move the focus. */
  async look() { /* The other way does. */ }
}

/** What a telephone without scripts can do. */
export class Plain {
  static options = { javaScriptEnabled: false, viewport: { width: 390, height: 844 } };

  constructor(page, world) { Object.assign(this, { page, world }); }

  #at(name) {
    const text = new RegExp(`^\\s*${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(" ", "\\s+")}\\s*$`);
    const byText = this.page.locator("a, button").filter({ hasText: text });
    return /^[a-z0-9_-]+$/.test(name) ? this.page.locator(`[id="${name}"]`).or(this.page.locator(`[value="${name}"]`)).first() : byText.first();
  }

  async press(name) { await Promise.all([this.page.waitForNavigation(), this.#at(name).click()]); }
  async type(name, text) { await this.#at(name).fill(text); }
  async choose(name, text) { await this.#at(name).selectOption({ label: text }); }
  async pick(group, value) { await this.page.check(`input[name="${group}"][value="${value}"]`); }
  async give(name, file) { await this.#at(name).setInputFiles(file); }
  async leave() { await this.press("Leave quickly"); }
  async look(name) { await this.world.look(this.page, `plain-${name}`, { picture: false }); }
}
