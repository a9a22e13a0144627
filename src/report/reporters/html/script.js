
"use strict";
// Search, filter, sort and page the tables. Rows are taken out of the page once and put back as they are: no text is
// ever turned into mark-up here.
(() => {
  // Until the rows are sorted into pages nobody lays them out: ten thousand of them take seconds.
  const root = document.documentElement;
  root.classList.add("busy");

  const PAGE = 200;
  const tables = [];
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

  function key(row, column, number) {
    const cell = row.cells[column];
    if (!cell) return number ? -1 : "";
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    return number ? parseFloat(cell.textContent.replaceAll(",", "")) : cell.textContent.toLowerCase();
  }

  function set(table) {
    const body = table.tBodies[0];
    const tools = document.querySelector('[data-for="' + table.id + '"]');
    const search = tools.querySelector("input");
    const selects = [...tools.querySelectorAll("select")];
    const output = tools.querySelector("output");
    const all = [...body.rows].map((row) => ({ row, text: null }));
    let shown = all;
    let order = all;
    let page = 0;

    const pager = document.createElement("div");
    pager.className = "pager";
    const button = (name, step) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = name;
      made.addEventListener("click", () => { page += step; draw(); });
      return made;
    };
    const back = button("Previous", -1);
    const place = document.createElement("span");
    const on = button("Next", 1);
    pager.append(back, place, on);
    table.parentElement.after(pager);

    const put = (entries) => body.replaceChildren(...entries.map((entry) => entry.row));

    function draw() {
      const pages = Math.max(1, Math.ceil(shown.length / PAGE));
      page = Math.min(Math.max(page, 0), pages - 1);
      put(shown.slice(page * PAGE, (page + 1) * PAGE));
      pager.hidden = pages === 1;
      back.disabled = page === 0;
      on.disabled = page === pages - 1;
      place.textContent = "page " + (page + 1) + " of " + pages;
      const count = (n) => n.toLocaleString("en");
      output.textContent = (shown.length === all.length ? "" : count(shown.length) + " of ")
        + count(all.length) + (all.length === 1 ? " row" : " rows");
    }

    function filter() {
      const wanted = words(search.value);
      const chosen = selects.filter((select) => select.value !== "");
      shown = order.filter((entry) => {
        if (!chosen.every((select) => entry.row.dataset[select.dataset.key] === select.value)) return false;
        if (wanted.length === 0) return true;
        // Cells are parted, so that a search does not match across two of them.
        entry.text ??= [...entry.row.cells].map((cell) => cell.textContent).join("\n").toLowerCase();
        return wanted.every((word) => entry.text.includes(word));
      });
      page = 0;
      draw();
    }

    let waiting = 0;
    search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(filter, 120);
    });
    for (const select of selects) select.addEventListener("change", filter);

    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = head.textContent;
      head.replaceChildren(made);
      made.addEventListener("click", () => {
        const number = head.classList.contains("n") || column === 0 && table.id === "findings-table";
        const was = head.getAttribute("aria-sort");
        const down = was ? was === "ascending" : number;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const sign = down ? -1 : 1;
        // Equal rows stay in the order of the report, whatever was sorted before.
        order = all.map((entry) => [key(entry.row, column, number), entry])
          .sort((a, b) => a[0] < b[0] ? -sign : a[0] > b[0] ? sign : 0)
          .map((pair) => pair[1]);
        filter();
      });
    });

    tools.hidden = false;
    draw();
    tables.push({
      all: () => put(shown),
      draw,
      // Brings a row onto the page, dropping a filter that hides it.
      find(id) {
        if (!all.some((entry) => entry.row.id === id)) return false;
        if (!shown.some((entry) => entry.row.id === id)) {
          search.value = "";
          for (const select of selects) select.value = "";
          filter();
        }
        page = Math.floor(shown.findIndex((entry) => entry.row.id === id) / PAGE);
        draw();
        return true;
      },
    });
  }

  // Brings a linked finding into view, whatever page it is on.
  function follow() {
    const id = location.hash.slice(1);
    if (!id.startsWith("f-") || !tables.some((table) => table.find(id))) return;
    for (const row of document.querySelectorAll(".here")) row.classList.remove("here");
    const row = document.getElementById(id);
    row.classList.add("here");
    row.scrollIntoView({ block: "center" });
  }

  addEventListener("DOMContentLoaded", () => {
    try {
      for (const table of document.querySelectorAll("table.paged")) set(table);
    } finally {
      root.classList.replace("busy", "paged");
    }
    follow();
  });
  addEventListener("hashchange", follow);
  // A printed report holds every row that the filters leave.
  addEventListener("beforeprint", () => { for (const table of tables) table.all(); });
  addEventListener("afterprint", () => { for (const table of tables) table.draw(); });
})();
