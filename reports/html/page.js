"use strict";
// What a report can do where scripts run: tables that sort and show one run alone,
// pictures that grow, hide a line and are read off at the cursor. Without scripts
// nothing is missing. It reads the page's own text and nothing
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

  // Runs: tables that name runs, and transactions that were followed, show one alone.
  const ofRun = [];
  for (const table of document.querySelectorAll("main table")) {
    const column = [...table.querySelectorAll("thead th")].findIndex(head => head.textContent.trim() === "Run");
    if (column < 0) continue;
    for (const row of table.tBodies[0].rows) ofRun.push([row, row.cells[column].textContent.trim()]);
  }
  for (const told of document.querySelectorAll(".stories > div")) {
    const named = /, run ([\d,]+)$/.exec(told.querySelector("dt").textContent.trim());
    if (named) ofRun.push([told, named[1]]);
  }
  const runs = [...new Set(ofRun.map(([, run]) => run))].sort(compare);
  if (runs.length > 1) {
    const label = document.createElement("label"), pick = document.createElement("select");
    label.className = "picker";
    for (const run of ["", ...runs]) pick.add(new Option(run === "" ? "all runs" : "run " + run, run));
    const drawn = [...document.querySelectorAll("figure .lines")].map(lines => {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      for (const [name, value] of [["class", "s-ink alone"], ["fill", "none"], ["stroke-width", 1.3]]) path.setAttribute(name, value);
      return [lines.closest("figure").querySelector(".picture svg"), path, new Map([...lines.children].map(line => [line.dataset.run, line.dataset.path]))];
    });
    const told = document.createElement("span");
    told.setAttribute("role", "status");
    pick.addEventListener("change", () => {
      for (const [row, run] of ofRun) row.hidden = pick.value !== "" && run !== pick.value;
      let pictures = 0;
      for (const [picture, path, lines] of drawn) {
        const line = lines.get(pick.value);
        path.remove();
        if (!line) continue;
        path.setAttribute("d", line);
        picture.append(path);
        pictures++;
      }
      told.textContent = pick.value === "" ? "" : pictures ? " It is the dark line in " + pictures + (pictures === 1 ? " picture." : " pictures.") : " It has no line of its own.";
    });
    label.append("Tables show ", pick, told);
    document.querySelector("main").prepend(label);
  }

  // Legends: a picture's lines are hidden and shown by name.
  for (const legend of document.querySelectorAll("figure .legend")) {
    const drawn = legend.closest("figure").querySelector(".picture svg");
    if (!drawn) continue;
    for (const item of legend.children) {
      const shades = item.dataset.shade.split(" ");
      const parts = drawn.querySelectorAll(shades.flatMap(shade => [".f-" + shade, ".s-" + shade]).join(","));
      const toggle = button(item.textContent, () => {
        const on = toggle.getAttribute("aria-pressed") !== "true";
        toggle.setAttribute("aria-pressed", on);
        for (const part of parts) part.classList.toggle("off", !on);
      });
      toggle.setAttribute("aria-pressed", "true");
      toggle.style.setProperty("--swatch", "var(--" + shades[0] + ")");
      item.replaceChildren(toggle);
    }
    legend.hidden = false;
  }

  // Pictures: larger by button, or to the width that is dragged over. Those over time
  // show the same part of it, and the cursor stands at the same moment in all of them.
  const groups = new Map(), timed = [];
  for (const picture of document.querySelectorAll(".picture")) {
    const drawn = picture.querySelector("svg");
    if (!drawn) continue;
    const figure = picture.closest("figure"), axis = figure.dataset.length ? "time" : picture;
    if (!groups.has(axis)) groups.set(axis, { members: [], states: [{ from: 0, to: 1 }] });
    const group = groups.get(axis);
    const member = { picture, drawn, figure };
    group.members.push(member);
    // A member's place in its width, 0 to 1, and what all members share: over time
    // the moment by the first member's length, else the place itself.
    const { left = 0, right = 1, length = 1 } = figure.dataset, first = group.members[0].figure.dataset.length || 1;
    const shared = place => (place - left) / (right - left) * length / first;
    const place = moment => left * 1 + (right - left) * moment * first / length;
    member.show = () => {
      const { from, to } = group.states.at(-1), whole = group.states.length === 1;
      const scale = whole ? 1 : Math.min(12, Math.max(1, 1 / (place(to) - place(from))));
      drawn.style.width = scale * 100 + "%";
      picture.scrollLeft = whole ? 0 : place(from) * drawn.getBoundingClientRect().width;
      member.undo.disabled = member.out.disabled = whole;
    };
    const show = () => group.members.forEach(m => m.show());
    const to = (from, until) => {
      const wide = Math.min(1, Math.max(1 / 12, until - from)), begin = Math.min(1 - wide, Math.max(0, from));
      group.states.push({ from: shared(begin), to: shared(begin + wide) });
      show();
    };
    const bar = document.createElement("div");
    bar.className = "zoom";
    member.undo = button("Undo", () => { if (group.states.length > 1) group.states.pop(); show(); });
    member.out = button("Whole", () => { group.states.length = 1; show(); });
    member.undo.disabled = member.out.disabled = true;
    const enlarge = button("Enlarge", () => {
      const wide = drawn.getBoundingClientRect().width, seen = picture.clientWidth;
      const centre = (picture.scrollLeft + seen / 2) / wide, half = seen / wide / 1.6 / 2;
      to(centre - half, centre + half);
    });
    bar.append(enlarge, member.undo, member.out);
    picture.before(bar);

    let begun = null;
    drawn.addEventListener("pointerdown", e => { if (e.button === 0 && e.pointerType === "mouse") begun = e.clientX; });
    addEventListener("pointerup", e => {
      if (begun === null) return;
      const box = drawn.getBoundingClientRect(), [a, b] = [begun, e.clientX].sort((x, y) => x - y);
      begun = null;
      if (b - a > 12) to((a - box.left) / box.width, (b - box.left) / box.width);
    });
    if (figure.dataset.length) timed.push(cursorOf(member));
  }

  // The cursor of a picture over time: a line, and below it the row of the table behind
  // the picture that holds the moment.
  function cursorOf({ picture, drawn, figure }) {
    const { left, right, start, length, at } = figure.dataset;
    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    const box = drawn.viewBox.baseVal;
    for (const [name, value] of [["class", "s-soft cursor off"], ["y1", 0], ["y2", box.height], ["stroke-width", 0.8]]) line.setAttribute(name, value);
    drawn.append(line);
    const text = document.createElement("p");
    text.className = "readout";
    text.ariaHidden = "true"; // the table says the same
    picture.after(text);
    const table = figure.querySelector("details table"), begins = at.split(" ").map(Number);
    const heads = table ? [...table.querySelectorAll("thead th")].map(head => head.textContent.trim()) : [];
    const rows = table ? [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent.trim())) : [];
    const show = moment => {
      const seen = moment >= 0 && moment <= length;
      line.classList.toggle("off", !seen);
      text.textContent = "";
      if (!seen) return;
      const x = box.width * (left * 1 + (right - left) * moment / length);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      const when = new Date(start * 1 + moment * 1000).toISOString();
      const row = rows[begins.findLastIndex(begin => begin <= moment)];
      text.textContent = [(length > 86400 ? when.slice(5, 10) + " " : "") + when.slice(11, 16), ...(row || []).slice(1).map((cell, i) => heads[i + 1] + " " + cell)].join(" · ");
    };
    drawn.addEventListener("pointermove", e => {
      const place = (e.clientX - drawn.getBoundingClientRect().left) / drawn.getBoundingClientRect().width;
      for (const other of timed) other((place - left) / (right - left) * length);
    });
    drawn.addEventListener("pointerleave", () => { for (const other of timed) other(-1); });
    return show;
  }
});
