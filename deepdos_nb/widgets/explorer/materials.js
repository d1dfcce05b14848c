// A searchable list of crystals. Plain ESM: no build step, nothing fetched.

const PAGE = 100;
const HINT = "Element (Si), exact set (Mg-O), or part of a formula or name";

function render({ model, el }) {
  const input = html("input", { type: "search", class: "ddos-search", placeholder: "Search: Si, Mg-O, TiO2 …", "aria-label": `Search crystals. ${HINT}`, title: HINT, autocomplete: "off", spellcheck: "false" });
  const parts = html("div", { class: "ddos-parts", role: "group", "aria-label": "Part of the data set" });
  const count = html("div", { class: "ddos-count", role: "status", "aria-live": "polite" });
  const list = html("ul", { class: "ddos-materials", "aria-label": "Crystals" });
  const back = html("button", { type: "button", "aria-label": "Previous page" }, "‹");
  const words = html("span");
  const on = html("button", { type: "button", "aria-label": "Next page" }, "›");
  const pages = html("div", { class: "ddos-pages" }, back, words, on);
  const error = html("div", { class: "ddos-error", role: "alert" });
  // JupyterLab would take letters and arrow keys for itself otherwise.
  el.append(html("div", { class: "ddos ddos-picker", "data-lm-suppress-shortcuts": "true" }, input, parts, count, list, pages, error));

  const buttons = () => [...list.querySelectorAll("button")];

  // A message and not a trait: the same row may be picked again, and a late one must be known as such.
  function open(index) {
    drawSelected(index);
    model.send({ pick: index, serial: model.get("serial") });
  }

  function turn(by) {
    model.set("first", model.get("first") + by * PAGE);
    model.save_changes();
  }

  // What is trained on is shown, but never by accident.
  function drawParts() {
    const focused = parts.contains(document.activeElement) ? document.activeElement.dataset.part : null;
    const known = model.get("parts");
    parts.hidden = !known.length;
    const all = { key: "", count: model.get("available"), hint: "all crystals" };
    parts.replaceChildren(
      ...(known.length ? [...known, all] : []).map(({ key, count: n, hint }) => {
        const button = html("button", { type: "button", "data-part": key, "aria-pressed": String(model.get("part") === key), title: `${n} ${key ? hint : ""}`.trim() }, key || "all");
        button.addEventListener("click", () => {
          model.set("part", key);
          model.save_changes();
        });
        return button;
      }),
    );
    if (focused !== null) parts.querySelector(`[data-part="${focused}"]`)?.focus({ preventScroll: true });
  }

  function drawRows() {
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.index : null;
    list.replaceChildren(
      ...model.get("rows").map(({ index, formula, id, atoms, part }) => {
        const name = formula || id;
        const side = formula && id !== formula.replace(/[₀-₉]/g, (c) => c.charCodeAt(0) - 0x2080) ? id : "";
        const button = html(
          "button",
          { type: "button", "data-index": index, title: atoms ? `${id}, ${atoms} atoms per cell` : id },
          html("span", { class: "ddos-formula" }, name), html("span", { class: "ddos-id" }, side),
          ...(part ? [html("span", { class: "ddos-part", "data-part": part }, part)] : []),
        );
        button.addEventListener("click", () => {
          // JupyterLab takes the focus back on a mouse press; the arrow keys should stay here.
          button.focus({ preventScroll: true });
          open(index);
        });
        return html("li", {}, button);
      }),
    );
    if (focused !== null) list.querySelector(`[data-index="${focused}"]`)?.focus({ preventScroll: true });
    drawSelected();
  }

  function drawSelected(index = model.get("selected")) {
    const selected = String(index);
    for (const button of buttons()) {
      if (button.dataset.index === selected) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    const open = list.querySelector('[aria-current="true"]');
    if (!open) return;
    // Only the list scrolls, never the notebook.
    const top = open.offsetTop - list.offsetTop;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + open.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + open.offsetHeight - list.clientHeight;
  }

  function drawCount() {
    const [found, available, first] = [model.get("found"), model.get("available"), model.get("first")];
    const all = found === available ? `${available}` : `${found} of ${available}`;
    count.textContent = found ? `${all} crystal${found === 1 && available === 1 ? "" : "s"}` : `none of ${available} crystals fits`;
    pages.hidden = found <= PAGE;
    words.textContent = `${first + 1}–${Math.min(first + PAGE, found)}`;
    back.disabled = first === 0;
    on.disabled = first + PAGE >= found;
  }

  function drawQuery() {
    // What is being typed is newer than what Python has heard of.
    if (document.activeElement !== input) input.value = model.get("query");
    error.textContent = model.get("error");
  }

  let waiting = null;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      model.set("query", input.value);
      model.save_changes();
    }, 150);
  });
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "ArrowDown") buttons()[0]?.focus();
    else if (event.key === "Enter") buttons()[0]?.click();
    else return;
    event.preventDefault();
  });
  list.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1, PageDown: Math.min(at + 10, all.length - 1), PageUp: Math.max(at - 10, 0) }[event.key];
    if (to === undefined) return;
    if (to < 0) input.focus();
    else all[to]?.focus();
    event.preventDefault();
    event.stopPropagation();
  });
  back.addEventListener("click", () => turn(-1));
  on.addEventListener("click", () => turn(1));

  const listen = [
    ["change:rows", drawRows],
    ["change:selected", () => drawSelected()],
    ["change:found", drawCount],
    ["change:available", drawCount],
    ["change:available", drawParts],
    ["change:parts", drawParts],
    ["change:part", drawParts],
    ["change:first", () => { list.scrollTop = 0; drawCount(); }],
    ["change:query", drawQuery],
    ["change:error", drawQuery],
  ];
  for (const [event, handler] of listen) model.on(event, handler);
  drawQuery();
  drawParts();
  drawCount();
  drawRows();
  return () => {
    clearTimeout(waiting);
    for (const [event, handler] of listen) model.off(event, handler);
  };
}

export default { render };
