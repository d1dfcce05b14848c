// The neighbours as a list: element, distance, cell, weights; each row is a switch.

function neighbourList(root, choose, walk) {
  root.addEventListener("keydown", (event) => {
    const rows = [...root.querySelectorAll("button")];
    const at = rows.indexOf(document.activeElement);
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (at < 0) return;
    if (move) {
      const next = Math.max(0, Math.min(rows.length - 1, at + move));
      rows[next].focus();
      choose(next);
    } else if (event.key === "Enter" && event.shiftKey) walk(at);
    else if (event.key === "Escape") choose(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // Rebuilt only with a new neighbourhood; a new selection only moves the marks.
  function fill(edges, labels, header) {
    const attended = edges.some((e) => e.attention >= 0);
    root.classList.toggle("ddos-attended", attended);
    root.replaceChildren(
      ...edges.map((e, k) => {
        const colour = header.elements[header.sites[e.site]].colour;
        const image = `(${e.image.join(" ").replaceAll("-", "−")})`;
        const cells = [
          html("span", { class: "ddos-dot", style: `background:${colour}` }),
          html("span", {}, labels[e.site]),
          html("span", {}, `${e.distance.toFixed(3)} Å`),
          html("span", {}, image),
          html("span", {}, e.weight.toFixed(3)),
        ];
        if (attended) cells.push(html("span", {}, `${(100 * e.attention).toFixed(1)} %`));
        const words = `${labels[e.site]}, ${e.distance.toFixed(3)} ångström, cell ${image}, cutoff weight ${e.weight.toFixed(3)}`;
        const button = html("button", { type: "button", role: "option", tabindex: k ? "-1" : "0", "aria-label": words }, ...cells);
        button.addEventListener("click", () => {
          button.focus({ preventScroll: true });
          choose(k);
        });
        button.addEventListener("dblclick", () => walk(k));
        return button;
      }),
    );
  }

  function mark(edge) {
    [...root.children].forEach((button, k) => {
      button.setAttribute("aria-selected", String(k === edge));
      button.tabIndex = k === Math.max(edge, 0) ? 0 : -1;
    });
    const row = root.children[edge];
    if (!row) return;
    // Not scrollIntoView, which would scroll the notebook as well.
    const top = row.offsetTop;
    root.scrollTop = Math.max(Math.min(root.scrollTop, top), top + row.offsetHeight - root.clientHeight);
  }

  return { fill, mark };
}
