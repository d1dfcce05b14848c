// Panels below each other on one energy axis, drawn over whole cells, with one cursor for all.

const SIDE = { left: 56, right: 14, top: 20, bottom: 38, gap: 26 };

// Numbers far from one as 1.2·10⁻⁷, others with three digits.
function scientific(v) {
  if (v === 0 || (Math.abs(v) >= 1e-3 && Math.abs(v) < 1e5)) return short(v);
  const [digits, power] = v.toExponential(1).split("e");
  const raised = [...String(Number(power))].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");
  return `${digits.replace("-", "−")}·10${raised}`;
}

const signed = (v) => (v > 0 ? "+" : "") + scientific(v);

// `parts`: [{ name, title, height, low, high, marks }], from top to bottom.
function panelStack(plot, { x: cells, xLabel, xUnit, zero }, parts) {
  const grid = energyGrid(cells);
  const { bins, energy, face } = grid;
  const canvas = svg("svg", { "aria-hidden": "true" });
  const tip = html("div", { class: "ddos-tip", hidden: "" });
  const [frame, under] = [0, 1].map(() => canvas.appendChild(svg("g")));
  const layers = Object.fromEntries(parts.map(({ name }) => [name, canvas.appendChild(svg("g", { "data-panel": name }))]));
  const over = canvas.appendChild(svg("g"));
  plot.append(canvas, tip);

  const size = { width: 640, height: 0 };
  let top = SIDE.top;
  for (const part of parts) {
    part.top = top;
    part.bottom = top + part.height;
    top = part.bottom + SIDE.gap;
  }
  size.height = top - SIDE.gap + SIDE.bottom;

  const inner = () => size.width - SIDE.left - SIDE.right;
  const x = (e) => straight(face(0), face(bins), SIDE.left, SIDE.left + inner())(e);
  const binAt = (px) => Math.max(0, Math.min(bins - 1, Math.floor(((px - SIDE.left) / inner()) * bins)));
  const part = Object.fromEntries(parts.map((p) => [p.name, p]));
  const y = (name, v) => {
    const { top, bottom, low: a, high: b } = part[name];
    return straight(a, b, bottom, top)(v);
  };

  const points = (name, values, at) => Array.from(values, (v, i) => [x(at(i)), y(name, v)]);
  const line = (name, values, at = energy) => polyline(points(name, values, at));
  const area = (name, from, to, at = energy) => `${polyline([...points(name, to, at), ...points(name, from, at).reverse()])}Z`;
  // A cell holds one number, so the honest outline is a staircase.
  const stairs = (name, values) => {
    const corners = Array.from(values, (v, i) => [[x(face(i)), y(name, v)], [x(face(i + 1)), y(name, v)]]);
    return polyline(corners.flat());
  };

  function drawFrame() {
    canvas.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    canvas.style.height = `${size.height}px`;
    frame.replaceChildren();
    const [left, right, bottom] = [SIDE.left, size.width - SIDE.right, size.height - SIDE.bottom];
    for (const p of parts) {
      frame.append(svg("text", { class: "ddos-panel", x: left, y: p.top - 7 }, p.title));
      const marks = p.marks ? p.marks.map((v) => [v, String(Math.abs(v))]) : ticks(p.low, p.high, Math.max(2, p.height / 42));
      valueAxis(frame, { y: (v) => y(p.name, v), left, right, marks, gap: 7 });
      if (zero) zeroLine(frame, { x, top: p.top, bottom: p.bottom });
    }
    lowerAxis(frame, { x, bottom, marks: ticks(grid.start, grid.stop, roomFor(size.width)) });
    if (zero) zeroWords(frame, { x, y: parts[0].top + 9, words: zero });
    lowerTitle(frame, left + inner() / 2, size.height - 5, `${xLabel} (${xUnit})`);
  }

  const pointerX = pointerOn(canvas, () => size.width);

  // `rows`: [colour, name, value]; a row of one word is a heading.
  function hover(i, rows, note) {
    const at = x(energy(i));
    over.replaceChildren(
      svg("rect", { class: "ddos-cell", x: x(face(i)), y: SIDE.top, width: x(face(i + 1)) - x(face(i)), height: size.height - SIDE.bottom - SIDE.top }),
      svg("line", { class: "ddos-cursor", x1: at, x2: at, y1: SIDE.top, y2: size.height - SIDE.bottom }),
    );
    const table = html("table");
    for (const [colour, name, value] of rows) {
      if (value === undefined) {
        table.append(html("tr", {}, html("th", { colspan: "2" }, name)));
        continue;
      }
      const mark = colour ? [html("span", { class: "ddos-swatch", style: `background:${colour}` }), " "] : [];
      table.append(html("tr", {}, html("td", {}, ...mark, name), html("td", {}, value)));
    }
    tip.replaceChildren(html("b", {}, `${short(energy(i))} ${xUnit}`), table);
    if (note) tip.append(html("span", { class: "ddos-subtitle" }, note));
    tip.hidden = false;
    const scale = canvas.getBoundingClientRect().width / size.width;
    const left = at * scale + 16;
    const fits = left + tip.offsetWidth < plot.clientWidth;
    tip.style.transform = `translate(${fits ? left : at * scale - tip.offsetWidth - 16}px, ${SIDE.top}px)`;
  }

  function leave() {
    tip.hidden = true;
    over.replaceChildren();
  }

  canvas.addEventListener("pointerleave", leave);

  // Calls `draw` whenever the width has changed.
  function follow(draw) {
    const observer = new ResizeObserver(() => {
      if (!plot.clientWidth || plot.clientWidth === size.width) return;
      size.width = plot.clientWidth;
      drawFrame();
      draw();
    });
    observer.observe(plot);
    drawFrame();
    draw();
    return observer;
  }

  return { canvas, tip, layers, under, size, part, grid, x, y, energy, face, binAt, line, area, stairs, drawFrame, pointerX, hover, leave, follow };
}
