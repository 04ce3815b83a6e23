"use strict";
// What a report can do where scripts run: tables that sort, pictures that grow.
// Without scripts nothing is missing. It reads the page's own text and nothing
// else, and writes text only.
document.addEventListener("DOMContentLoaded", () => {
  // A number as reports write it: "1,234", "99.2 %", "4m 15s", "> 2h *"; a span
  // in seconds. What is no number is not one.
  const units = { d: 86400, h: 3600, m: 60, s: 1, ms: 1e-3, "µs": 1e-6, ns: 1e-9 };
  const number = text => {
    const plain = text.replace(/[\u00a0\u202f]/g, " ").replace(/^[><~≥≤ ]+|[*% ]+$/g, "").replace(/(\d),(?=\d{3})/g, "$1").replace("−", "-");
    if (/^-?\d+(\.\d+)?$/.test(plain)) return Number(plain);
    const parts = plain.split(" ").map(part => /^(\d+(?:\.\d+)?)(d|h|m|s|ms|µs|ns)$/.exec(part));
    return parts.every(Boolean) ? parts.reduce((sum, p) => sum + p[1] * units[p[2]], 0) : NaN;
  };
  const compare = (a, b) => {
    const x = number(a), y = number(b);
    if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1; // numbers before words
    return isNaN(x) ? a.localeCompare(b) : x - y;
  };
  const button = (text, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  };

  // Tables: the head of a column sorts by it, once up and once down.
  for (const table of document.querySelectorAll("table")) {
    const heads = [...table.querySelectorAll("thead th")];
    if (table.tBodies.length !== 1 || table.tBodies[0].rows.length < 3) continue;
    heads.forEach((head, column) => {
      if (!head.textContent.trim()) return; // a button must have a name
      const sort = button("", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const h of heads) h.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows];
        const cell = row => (row.cells[column] ? row.cells[column].textContent.trim() : "");
        rows.sort((a, b) => compare(cell(a), cell(b)) * (down ? -1 : 1));
        table.tBodies[0].append(...rows);
      });
      sort.className = "sort";
      sort.append(...head.childNodes);
      head.append(sort);
    });
  }

  // Pictures: larger by button, or to the width that is dragged over. Those that
  // share an axis show the same part of it.
  const overTime = ["plot-backlog", "plot-pace"], groups = new Map();
  for (const picture of document.querySelectorAll(".picture")) {
    const drawn = picture.querySelector("svg");
    if (!drawn) continue;
    const figure = picture.closest("figure").getAttribute("aria-labelledby");
    const axis = overTime.includes(figure) ? "time" : picture;
    if (!groups.has(axis)) groups.set(axis, { members: [], states: [{ scale: 1, left: 0 }] });
    const group = groups.get(axis);
    group.members.push({ picture, drawn });
    const show = () => {
      const { scale, left } = group.states.at(-1);
      for (const m of group.members) {
        m.drawn.style.width = scale * 100 + "%";
        m.picture.scrollLeft = left * m.drawn.getBoundingClientRect().width;
        m.undo.disabled = m.out.disabled = group.states.length === 1;
      }
    };
    const to = (scale, left) => {
      group.states.push({ scale: Math.min(12, Math.max(1, scale)), left: Math.max(0, left) });
      show();
    };
    const member = group.members.at(-1);
    const middle = factor => {
      const { scale } = group.states.at(-1);
      const wide = drawn.getBoundingClientRect().width, seen = picture.clientWidth;
      const centre = (picture.scrollLeft + seen / 2) / wide;
      to(scale * factor, centre - 0.5 / Math.min(12, scale * factor));
    };
    const bar = document.createElement("div");
    bar.className = "zoom";
    member.undo = button("Undo", () => { if (group.states.length > 1) group.states.pop(); show(); });
    member.out = button("Whole", () => { group.states.length = 1; show(); });
    member.undo.disabled = member.out.disabled = true;
    bar.append(button("Enlarge", () => middle(1.6)), member.undo, member.out);
    picture.before(bar);

    let begun = null;
    drawn.addEventListener("pointerdown", e => { if (e.button === 0 && e.pointerType === "mouse") begun = e.clientX; });
    addEventListener("pointerup", e => {
      if (begun === null) return;
      const box = drawn.getBoundingClientRect(), [a, b] = [begun, e.clientX].sort((x, y) => x - y);
      begun = null;
      if (b - a > 12) to(group.states.at(-1).scale * picture.clientWidth / (b - a), (a - box.left) / box.width);
    });
  }
});
