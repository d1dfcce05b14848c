// Axes, ticks and labels of every plot, and the way between cells of energy and the screen.

function ticks(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? raw;
  const marks = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-6; v += step) {
    marks.push(Number(v.toPrecision(10)));
  }
  return marks;
}

// How many numbers find room on an axis of this width.
const roomFor = (width) => Math.max(3, width / 90);

// From values to pixels.
const straight = (low, high, from, to) => (v) => from + ((v - low) / (high - low)) * (to - from);

const polyline = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;

// The grid of a density: cells of one width around their energies.
function energyGrid({ start, step, bins }) {
  const stop = start + step * (bins - 1);
  const energy = (i) => start + step * i;
  const face = (i) => start + step * (i - 0.5);
  return {
    start, step, bins, stop, energy, face,
    // The range that covers some cells, cut at the first and the last energy.
    rangeOf: (first, last) =>
      [Math.max(start, face(Math.min(first, last))), Math.min(stop, face(Math.max(first, last) + 1))].map((v) => Number(v.toPrecision(8))),
    // The first and the last cell whose middle lies in a range.
    cellsIn: (range) =>
      range && [Math.ceil((range[0] - start) / step - 1e-6), Math.floor((range[1] - start) / step + 1e-6)],
  };
}

// Lines across with their numbers on the left; `marks` are values, or values with a text of their own.
function valueAxis(g, { y, left, right, marks, gap = 6, numbers = true }) {
  for (const mark of marks) {
    const [v, text] = Array.isArray(mark) ? mark : [mark, short(mark)];
    const at = y(v);
    g.append(svg("line", { class: v ? "ddos-grid" : "ddos-axis", x1: left, x2: right, y1: at, y2: at }));
    if (numbers) g.append(svg("text", { x: left - gap, y: at + 4, "text-anchor": "end" }, text));
  }
}

// Numbers below the lower edge: a short stroke each where there is a `stroke`, a line up to `top`.
function lowerAxis(g, { x, bottom, top, marks, stroke = 4, drop = 16, text = short }) {
  for (const v of marks) {
    if (top !== undefined) g.append(svg("line", { class: v ? "ddos-grid" : "ddos-axis", x1: x(v), x2: x(v), y1: bottom, y2: top }));
    if (stroke) g.append(svg("line", { class: "ddos-axis", x1: x(v), x2: x(v), y1: bottom, y2: bottom + stroke }));
    g.append(svg("text", { x: x(v), y: bottom + drop, "text-anchor": "middle" }, text(v)));
  }
}

// E_F with its index below the line.
function subscripted(node, words) {
  const [before, ...rest] = words.split("_F");
  node.append(before);
  for (const after of rest) node.append(svg("tspan", { dy: 3, "font-size": "75%" }, "F"), svg("tspan", { dy: -3 }, after || " "));
  return node;
}

const lowerTitle = (g, x, y, words) => g.append(subscripted(svg("text", { class: "label", x, y, "text-anchor": "middle" }), words));

function sideTitle(g, x, y, words) {
  g.append(svg("text", { class: "label", x, y, transform: `rotate(-90 ${x} ${y})`, "text-anchor": "middle" }, words));
}

// The zero of energy, and what it stands for.
function zeroLine(g, { x, top, bottom }) {
  g.append(svg("line", { class: "ddos-zero", x1: x(0), x2: x(0), y1: top, y2: bottom }));
}
const zeroWords = (g, { x, y, words }) => g.append(subscripted(svg("text", { class: "ddos-zero-label", x: x(0) + 4, y }), words));

// Where a pointer is, in the units of a drawing of this width.
const pointerOn = (canvas, width) => (event) => {
  const box = canvas.getBoundingClientRect();
  return ((event.clientX - box.left) / box.width) * width();
};
