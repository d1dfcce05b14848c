// An atom and its neighbours in three dimensions, drawn on a flat canvas: no WebGL needed.

// Draws everything, far things first; returns where each atom and line is on the canvas, near first.
function drawGraph(canvas, scene, rotation, zoom) {
  const { header, positions, edges, site, edge, selected, reach, byAttention } = scene;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const context = fresh(canvas);
  const style = getComputedStyle(canvas);
  const ink = (name) => style.getPropertyValue(name).trim() || "#777";
  const [soft, accent, text] = [ink("--ddos-soft"), ink("--ddos-accent"), ink("--ddos-ink")];
  const scale = (zoom * Math.min(width, height)) / 2 / (reach + 0.8);
  const origin = positions.subarray(3 * site, 3 * site + 3);
  const see = (x, y, z) => {
    const row = (i) => rotation[3 * i] * x + rotation[3 * i + 1] * y + rotation[3 * i + 2] * z;
    return [width / 2 + scale * row(0), height / 2 - scale * row(1), row(2)];
  };
  const colour = (s) => header.elements[header.sites[s]].colour;
  const seeAt = (p) => see(p[0] - origin[0], p[1] - origin[1], p[2] - origin[2]);

  // The reach of this atom: a sphere looks like a circle from everywhere.
  context.lineWidth = 1;
  context.strokeStyle = soft;
  context.setLineDash([5, 4]);
  context.beginPath();
  context.arc(width / 2, height / 2, scale * reach, 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);

  const things = [];
  const { cell } = header;
  for (let c = 0; c < 8; c++) {
    for (let k = 0; k < 3; k++) {
      if (c & (1 << k)) continue;
      const corner = [0, 1, 2].map((i) => [0, 1, 2].reduce((sum, j) => sum + (c & (1 << j) ? cell[3 * j + i] : 0), 0));
      const from = seeAt(corner);
      const to = seeAt(corner.map((v, i) => v + cell[3 * k + i]));
      things.push({ z: Math.min(from[2], to[2]) - 1e3, from, to, wide: 1, paint: soft, alpha: 0.7 });
    }
  }
  const most = Math.max(...edges.map((e) => e.attention), 1e-9);
  // Lines begin at the atom's surface, or those towards the viewer would be drawn over it.
  const skin = header.radii[site];
  edges.forEach((e, k) => {
    const to = see(...e.vector);
    const start = see(...e.vector.map((v) => (v * skin) / e.distance));
    const weight = byAttention ? Math.max(e.attention, 0) / most : e.weight;
    const on = k === edge;
    things.push({ z: (start[2] + to[2]) / 2, from: start, to, edge: k, wide: 0.6 + 4 * weight + 1.5 * on, paint: on ? accent : text, alpha: on ? 1 : 0.12 + 0.6 * weight });
    if (e.image.some((i) => i !== 0)) things.push({ z: to[2], at: to, site: e.site, edge: k, alpha: 0.55 });
  });
  // Atoms of the cell beyond the cutoff stay in the background, or they would hide the neighbours.
  const within = edges.filter((e) => e.image.every((i) => i === 0));
  const near = new Set([site, ...within.map((e) => e.site)]);
  for (let s = 0; s < header.sites.length; s++) {
    const at = seeAt(positions.subarray(3 * s, 3 * s + 3));
    things.push({ z: at[2], at, site: s, edge: -1, alpha: near.has(s) ? 1 : 0.22 });
  }
  things.sort((a, b) => a.z - b.z);
  for (const t of things) {
    context.globalAlpha = t.alpha;
    if (!t.at) {
      context.strokeStyle = t.paint;
      context.lineWidth = t.wide;
      context.lineCap = "round";
      context.beginPath();
      context.moveTo(t.from[0], t.from[1]);
      context.lineTo(t.to[0], t.to[1]);
      context.stroke();
      continue;
    }
    const [x, y] = t.at;
    t.r = Math.max(3, scale * header.radii[t.site]);
    if (t.edge < 0 && selected.has(t.site)) {
      context.globalAlpha = 0.4;
      context.fillStyle = accent;
      context.beginPath();
      context.arc(x, y, t.r + 6, 0, 2 * Math.PI);
      context.fill();
      context.globalAlpha = t.alpha;
    }
    shade(context, x, y, t.r, colour(t.site));
    context.globalAlpha = 1;
    const end = within.includes(edges[edge]) && edges[edge].site === t.site;
    const marked = t.edge >= 0 ? t.edge === edge : t.site === site || end;
    if (marked) {
      context.strokeStyle = accent;
      context.lineWidth = 2.5;
      context.beginPath();
      context.arc(x, y, t.r + 3, 0, 2 * Math.PI);
      context.stroke();
    }
  }
  context.globalAlpha = 1;
  return things.reverse().filter((t) => t.at || t.edge !== undefined);
}

// The atom under a point of the canvas, else the line close to it, else nothing.
function thingAt(things, x, y) {
  const atom = things.find((t) => t.at && Math.hypot(t.at[0] - x, t.at[1] - y) <= t.r + 1);
  if (atom) return atom;
  let best = null;
  for (const t of things) {
    if (t.at) continue;
    const [dx, dy] = [t.to[0] - t.from[0], t.to[1] - t.from[1]];
    const part = Math.max(0.1, Math.min(1, ((x - t.from[0]) * dx + (y - t.from[1]) * dy) / (dx * dx + dy * dy || 1)));
    const off = Math.hypot(t.from[0] + part * dx - x, t.from[1] + part * dy - y);
    if (off < 5 && (!best || off < best.off)) best = { ...t, off };
  }
  return best;
}
