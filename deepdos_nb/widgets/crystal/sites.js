// The ranked list of sites. Plain ESM: no build step, nothing fetched.

function render({ model, el }) {
  const caption = html("div", { class: "ddos-caption" });
  const head = html("div", { class: "ddos-columns", "aria-hidden": "true" });
  const list = html("ul", { class: "ddos-list" });
  const error = html("div", { class: "ddos-error", role: "alert" });
  // JupyterLab would take the arrow keys for itself otherwise.
  el.append(html("div", { class: "ddos ddos-sites", "data-lm-suppress-shortcuts": "true" }, caption, head, list, error));

  function toggle(site) {
    const now = model.get("selected_sites");
    model.set("selected_sites", now.includes(site) ? now.filter((s) => s !== site) : [...now, site]);
    model.save_changes();
  }

  function draw() {
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.site : null;
    const selected = new Set(model.get("selected_sites"));
    const rows = model.get("rows");
    const columns = model.get("columns");
    // One scale for both shares, or their bars could not be compared.
    const most = Math.max(...rows.flatMap((r) => [r.share, r.second ?? 0]), 1e-12);
    list.classList.toggle("ddos-two", columns.length > 1);
    head.hidden = columns.length < 2;
    head.replaceChildren(html("span"), html("span", {}, "site"), ...columns.map((name) => html("span", {}, name)));
    caption.textContent = model.get("caption");
    list.setAttribute("aria-label", caption.textContent);
    list.replaceChildren(
      ...rows.map(({ site, label, share, colour, second }) => {
        const track = (part, paint) =>
          html("span", { class: "ddos-track" }, html("span", { class: "ddos-fill", style: `width:${(100 * part) / most}%;background:${paint}` }));
        const text = (part) => `${(100 * part).toFixed(1)} %`;
        const percent = text(share);
        const other = second === undefined ? [] : [track(second, "var(--ddos-soft)"), html("span", { class: "ddos-share" }, text(second))];
        const words = other.length ? `${percent} of ${columns[0]}, ${text(second)} of ${columns[1]}` : `${percent} of states`;
        const button = html(
          "button",
          { type: "button", "data-site": site, "aria-pressed": String(selected.has(site)), "aria-label": `${label}, ${words}` },
          html("span", { class: "ddos-dot", style: `background:${colour}` }),
          html("span", {}, label),
          track(share, colour),
          html("span", { class: "ddos-share" }, percent),
          ...other,
        );
        button.addEventListener("click", () => {
          // JupyterLab takes the focus back on a mouse press; the arrow keys should stay here.
          button.focus({ preventScroll: true });
          toggle(site);
        });
        return html("li", {}, button);
      }),
    );
    if (focused !== null) list.querySelector(`[data-site="${focused}"]`)?.focus();
    error.textContent = model.get("error");
  }

  list.addEventListener("keydown", (event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      model.set("selected_sites", []);
      model.save_changes();
    } else if (move) {
      const buttons = [...list.querySelectorAll("button")];
      buttons[buttons.indexOf(document.activeElement) + move]?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // Several traits change together; one repaint per frame is enough.
  let frame = 0;
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(draw);
  };
  const names = ["change:rows", "change:selected_sites", "change:columns", "change:caption", "change:error"];
  for (const name of names) model.on(name, later);
  draw();
  return () => {
    cancelAnimationFrame(frame);
    for (const name of names) model.off(name, later);
  };
}

export default { render };
