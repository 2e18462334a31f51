// Suggestions while typing: the combobox pattern of the ARIA Authoring Practices with a list. The field keeps
// the focus; arrows move in the list, Enter goes to what is marked there, Escape closes it.

/** Milliseconds of silence after which a person has stopped typing. */
const PAUSE = 120;

class Suggestions {
  constructor(box) {
    this.box = box;
    this.input = box.querySelector("input[type=search]");
    this.list = document.createElement("ul");
    this.list.id = `${this.input.id}-suggestions`;
    this.list.className = "suggestions";
    this.list.role = "listbox";
    this.list.ariaLabel = box.dataset.label;
    this.list.hidden = true;
    this.input.after(this.list);
    this.input.role = "combobox";
    this.input.ariaAutoComplete = "list";
    this.input.ariaExpanded = "false";
    this.input.setAttribute("aria-controls", this.list.id);
    this.marked = -1;
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.input.addEventListener("blur", () => this.close());
    // Otherwise the field loses the focus, and the list goes, before the click arrives.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.go(event.target.closest("[role=option]")));
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    const text = this.input.value.trim();
    this.asking?.abort();
    if (!text) return this.close();
    this.asking = new AbortController();
    try {
      const answer = await fetch(`${this.box.dataset.suggest}?${new URLSearchParams({ q: text })}`, {
        headers: { Accept: "application/json", "Accept-Language": this.box.dataset.language },
        signal: this.asking.signal,
      });
      if (answer.ok) this.show((await answer.json()).items);
    } catch (error) {
      // A question that a newer one overtook, or a node that is away: the field works without suggestions.
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
    }
  }

  show(items) {
    this.marked = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(...items.map((item, position) => this.option(item, position)));
    this.open(items.length > 0 && document.activeElement === this.input);
  }

  option(item, position) {
    const option = document.createElement("li");
    option.id = `${this.list.id}-${position}`;
    option.role = "option";
    option.className = "suggestion";
    option.ariaSelected = "false";
    option.dataset.href = this.address(item);
    const name = document.createElement("bdi");
    name.className = "suggestion-name";
    name.append(...marks(item.highlighted));
    if (item.detail) name.append(part("suggestion-detail", item.detail));
    const kind = this.box.dataset[item.kind];
    option.append(name, part("suggestion-kind", item.count ? `${kind} · ${item.count}` : kind));
    return option;
  }

  address(item) {
    const { services, participants } = this.box.dataset;
    const [place, id] = [item.kind === "participant" ? participants : services, encodeURIComponent(item.id)];
    const path = item.kind === "capability" ? `${place}?capability=${id}` : `${place}/${id}`;
    const language = new URL(location).searchParams.get("lang");
    return language ? `${path}${path.includes("?") ? "&" : "?"}lang=${language}` : path;
  }

  press(event) {
    const options = this.list.children.length;
    if (event.key === "Escape" && !this.list.hidden) {
      this.close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options) {
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place more than there are options: the field itself, with nothing marked.
      this.mark(((this.marked + 1 + step + options + 1) % (options + 1)) - 1);
      this.open(true);
    } else if (event.key === "Enter" && this.marked >= 0 && !this.list.hidden) {
      this.go(this.list.children[this.marked]);
    } else {
      return;
    }
    event.preventDefault();
  }

  mark(position) {
    const [before, after] = [this.list.children[this.marked], this.list.children[position]];
    if (before) before.ariaSelected = "false";
    this.marked = position;
    if (!after) return this.input.removeAttribute("aria-activedescendant");
    after.ariaSelected = "true";
    after.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", after.id);
  }

  go(option) {
    if (option) location.assign(option.dataset.href);
  }

  open(yes) {
    this.list.hidden = !yes;
    this.input.ariaExpanded = String(yes);
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.mark(-1);
    this.open(false);
  }
}

function part(name, text) {
  const found = document.createElement("span");
  found.className = name;
  found.textContent = text;
  return found;
}

/** The nodes of a marked name: of its markup only `mark` is taken over, the rest as text. */
function marks(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html").body;
  return [...parsed.childNodes].map((node) => {
    if (node.nodeName !== "MARK") return document.createTextNode(node.textContent);
    const mark = document.createElement("mark");
    mark.textContent = node.textContent;
    return mark;
  });
}

for (const box of document.querySelectorAll("[data-suggest]")) new Suggestions(box);
