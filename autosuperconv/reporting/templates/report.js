"use strict";
// Sorts a table by the column whose heading is pressed: numbers as numbers, a second press reverses.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const rising = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const numeric = heading.classList.contains("n");
      const key = (row) => row.cells[column].dataset.key || row.cells[column].textContent;
      const compare = (a, b) => (numeric ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b)));
      const rows = [...body.rows].sort((a, b) => (rising ? compare(a, b) : compare(b, a)));
      body.append(...rows);
    });
  });
}
