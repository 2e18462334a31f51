// For every page: links to the JSON of a page ask for it by its media type, which a link by itself can't.
// Without this script they stay hidden.
for (const link of document.querySelectorAll("a[data-as]")) {
  link.closest("[hidden]").hidden = false;
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const answer = await fetch(link.href, { headers: { Accept: link.dataset.as } });
    const text = new Blob([await answer.blob()], { type: link.dataset.as });
    location.assign(URL.createObjectURL(text));
  });
}
