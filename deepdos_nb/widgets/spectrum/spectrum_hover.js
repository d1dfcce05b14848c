// Unified hover: one vertical line, and the value of every curve it crosses.

const MOST_SITES = 12;

function hideHover(v) {
  v.tip.hidden = true;
  v.layers.cursor.replaceChildren();
}

// Name as in the legend, colour, value and height on the screen of every curve shown at a bin.
function valuesAt(v, i) {
  const { d } = v;
  const mode = v.mode();
  if (mode === "sites") {
    const rows = siteRows(v);
    const shown = rows.slice(0, MOST_SITES).map((r) => ({ colour: r.colour, name: r.label, value: short(r.values[i]) }));
    const more = rows.length - shown.length;
    return more > 0 ? [...shown, { colour: "none", name: `and ${more} more`, value: "" }] : shown;
  }
  const found = [];
  const off = v.offElements();
  const hidden = v.offCurves();
  const plain = { "ddos-total": "var(--ddos-ink)", "ddos-start": "var(--ddos-soft)", "ddos-mean": "var(--ddos-soft)" };
  for (const { name, cls, colour, values, spread, text } of curvesOf(v)) {
    if (hidden.has(name)) continue;
    if (spread) {
      const words = d.header.bandIsTotal ? short(spread[i]) : `${short(values[i])} ± ${short(spread[i])}`;
      found.push({ colour: "var(--ddos-soft)", name: text, value: words });
    } else {
      found.push({ colour: colour ?? plain[cls], name: text, value: short(values[i]), at: values[i] });
    }
  }
  // The total leads, as in the legend.
  found.sort((a, b) => (b.name === d.header.totalName) - (a.name === d.header.totalName));
  if (mode === "elements") {
    d.elements.forEach(({ name, colour }, e) => {
      if (!off.has(name)) found.push({ colour, name, value: short(d.row(v.step(), e)[i]) });
    });
  }
  for (const { label, values } of v.model.get("overlay")) {
    found.push({ colour: "var(--ddos-accent)", name: label, value: short(values[i]), at: values[i] });
  }
  return found;
}

function hover(v, px) {
  const { d, canvas, plot, tip } = v;
  const i = v.binAt(px);
  const at = v.x(d.energy(i));
  const cursor = v.layers.cursor;
  cursor.replaceChildren(svg("line", { class: "ddos-cursor", x1: at, x2: at, y1: v.top, y2: v.bottom() }));
  const table = html("table");
  const partial = v.mode() === "elements" && v.offElements().size > 0;
  for (const { colour, name, value, at: height } of valuesAt(v, i)) {
    const swatch = html("span", { class: "ddos-swatch", style: `background:${colour}` });
    table.append(html("tr", {}, html("td", {}, swatch, ` ${name}`), html("td", {}, value)));
    // The outline of a part of the stack lies lower than the total's value.
    const off = partial && name === d.header.totalName;
    if (height !== undefined && !off) cursor.append(svg("circle", { class: "ddos-dot-at", cx: at, cy: v.y(height), r: 3, style: `fill:${colour}` }));
  }
  tip.replaceChildren(
    html("b", {}, `${short(d.energy(i))} ${d.header.xUnit}`),
    table,
    html("span", { class: "ddos-subtitle" }, d.header.yUnit),
  );
  tip.hidden = false;
  const scale = canvas.getBoundingClientRect().width / v.size.width;
  const left = at * scale + 14;
  const fits = left + tip.offsetWidth < plot.clientWidth;
  tip.style.transform = `translate(${fits ? left : Math.max(0, at * scale - tip.offsetWidth - 14)}px, ${v.top + plot.scrollTop}px)`;
}
