// A search that is narrowed down without loading the page anew: a tick in a filter or another order fetches the
// same address that the form would lead to, and takes over what has changed of it. Without this script the
// button "Apply" does it.

const form = document.getElementById("search");
/** Parts of the page that depend on the question. */
const PARTS = ["filters", "results"];
/** Where the number of hits is told to who doesn't see the page change. */
const told = document.getElementById("told");
let asking = null;
let shown = location.pathname + location.search;

/** The address that the form leads to, without fields that are empty or as they are anyway. */
function wanted() {
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value) address.searchParams.append(name, value);
  const order = form.elements.sort;
  if (order.value === order.dataset.usual) address.searchParams.delete("sort");
  return address;
}

async function show(address, remember) {
  asking?.abort();
  asking = new AbortController();
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: asking.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // A refusal is a page too, and has none of these parts.
    if (!PARTS.every((id) => page.getElementById(id))) return location.assign(address);
    if (remember) history.pushState(null, "", address);
    shown = address.pathname + address.search;
    take(page);
  } catch (error) {
    if (error.name === "AbortError") return;
    location.assign(address);
  }
  form.removeAttribute("aria-busy");
}

/** Take over the parts of another page of the same kind; what had the focus has it again. */
function take(page) {
  const { id, name, value } = document.activeElement;
  const open = [...form.querySelectorAll("details[id][open]")].map((one) => one.id);
  document.title = page.title;
  for (const part of PARTS) {
    // The elements themselves stay: one of them may be what the address points at.
    document.getElementById(part).replaceChildren(...page.getElementById(part).childNodes);
  }
  for (const one of open) document.getElementById(one)?.setAttribute("open", "");
  for (const other of page.querySelectorAll("link[rel=alternate], .languages, .bottom")) {
    document.querySelector(selector(other))?.replaceWith(other);
  }
  told.textContent = form.querySelector(".results-total").textContent;
  let again = id ? document.getElementById(id) : null;
  if (!again && name) again = form.querySelector(`[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`);
  again?.focus({ preventScroll: true });
}

function selector(element) {
  if (element.matches(".languages, .bottom")) return `.${element.classList[0]}`;
  const language = element.hreflang;
  return language ? `link[hreflang="${language}"]` : `link[rel=alternate][type="${element.type}"]`;
}

form.addEventListener("change", (event) => {
  if (event.target.closest("#filters, .sort")) show(wanted(), true);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  show(wanted(), true);
});
form.addEventListener("click", (event) => {
  const link = event.target.closest(".chip a, .pager a, .hit-why a, .results .all");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const address = new URL(link.href);
  const goal = address.hash.slice(1);
  show(address, true).then(() => {
    const found = goal && document.getElementById(goal);
    if (found) return found.scrollIntoView({ block: "nearest" });
    const results = document.getElementById("results");
    if (link.closest(".pager")) results.scrollIntoView();
    // What was followed is gone: go on where its effect is seen.
    results.focus({ preventScroll: true });
  });
});
addEventListener("popstate", () => {
  // A step within the page, such as to the filters, shows the same.
  if (location.pathname + location.search !== shown) show(new URL(location), false);
});
