#include "report/page_assets.h"

namespace penalmt::html {

const std::string_view kPageScript = R"js(
'use strict';
(() => {
  // Tables: a click on a heading sorts by its column, numbers from the largest, another click turns the order.
  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent.trim().replaceAll(',', '');
    const number = parseFloat(text);
    return Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), undefined, {numeric: true});
  for (const table of document.querySelectorAll('table.sortable')) {
    const body = table.tBodies[0];
    const headings = [...table.tHead.rows[0].cells];
    if (body.rows.length < 2) continue;
    headings.forEach((heading, column) => {
      if (heading.tagName !== 'TH') return;
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener('click', () => {
        const before = heading.getAttribute('aria-sort');
        const down = before ? before === 'ascending' : column > 0;
        headings.forEach((other) => other.removeAttribute('aria-sort'));
        heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        const rows = [...body.rows];
        rows.sort((a, b) => (down ? -1 : 1) * compare(value(a, column), value(b, column)));
        body.append(...rows);
      });
    });
  }

  // A table that does not fit its place is set closer; on a phone the cells of a row stand below one another, each
  // with its heading.
  const places = [...document.querySelectorAll('.wide')].filter((place) => place.querySelector('thead'));
  for (const place of places) {
    const table = place.querySelector('table');
    const labels = [...table.tHead.rows[0].cells].map((cell) => {
      const copy = cell.cloneNode(true);
      copy.querySelectorAll('.unseen').forEach((part) => part.remove());
      return copy.textContent.trim();
    });
    for (const row of table.tBodies[0].rows)
      [...row.cells].forEach((cell, column) => { cell.dataset.label ??= labels[column]; });
  }
  const fit = () => {
    for (const place of places) {
      const table = place.querySelector('table');
      const fits = () => place.scrollWidth <= place.clientWidth;
      table.classList.remove('stacked', 'tight');
      if (!fits()) table.classList.add(innerWidth <= 640 ? 'stacked' : 'tight');
    }
  };
  fit();
  addEventListener('resize', fit);

  // Attention: the piece under the mouse, in focus or clicked colours the image where it looked.
  const attention = document.getElementById('attention');
  if (attention) {
    const {form, strength} = attention.elements;
    const root = document.getElementById('articles');
    form.addEventListener('change', () => root.classList.toggle('outlined', form.value === 'outline'));
    strength.addEventListener('input', () => root.style.setProperty('--strength', strength.value));
    attention.addEventListener('submit', (event) => event.preventDefault());
  }
  for (const list of document.querySelectorAll('.pieces')) {
    const article = list.closest('article');
    const cells = [...article.querySelectorAll('.heat rect')];
    const caption = article.querySelector('.looking');
    if (!caption) continue;
    const mean = cells.map((cell) => cell.getAttribute('opacity'));
    const mean_caption = caption.textContent;
    let chosen = null;
    const show = (piece) => {
      const map = piece?.dataset.map;
      cells.forEach((cell, i) => cell.setAttribute(
        'opacity', map ? String(parseInt(map.slice(2 * i, 2 * i + 2), 16) / 255) : mean[i]));
      caption.textContent = piece ? `attention of “${piece.firstChild.textContent}”` : mean_caption;
    };
    for (const piece of list.querySelectorAll('button')) {
      piece.addEventListener('pointerenter', () => show(piece));
      piece.addEventListener('pointerleave', () => show(chosen));
      piece.addEventListener('focus', () => show(piece));
      piece.addEventListener('blur', () => show(chosen));
      piece.addEventListener('click', () => {
        chosen?.setAttribute('aria-pressed', 'false');
        chosen = chosen === piece ? null : piece;
        chosen?.setAttribute('aria-pressed', 'true');
        show(chosen);
      });
    }
  }

  // Sentences.
  const controls = document.getElementById('controls');
  if (!controls) return;
  const {key, order, image, words, count} = controls.elements;
  const place = document.getElementById('articles');
  const articles = [...place.children].map((element) => ({
    element,
    text: [...element.querySelectorAll('dd')].map((part) => part.textContent).join('\n').toLocaleLowerCase(),
    key: (name) => Number(element.getAttribute('data-' + name)),
  }));
  const sort = () => {
    const sign = order.value === 'down' ? -1 : 1;
    articles.sort((a, b) => sign * (a.key(key.value) - b.key(key.value)) || a.key('position') - b.key('position'));
    place.append(...articles.map((article) => article.element));
  };
  const filter = () => {
    const wanted = words.value.trim().toLocaleLowerCase();
    let shown = 0;
    for (const {element, text} of articles) {
      const fits = text.includes(wanted) && (!image?.value || image.value === element.dataset.image);
      element.hidden = !fits;
      shown += fits;
    }
    count.value = `${shown} of ${articles.length} shown`;
  };
  key.addEventListener('change', () => {
    order.value = key.value === 'position' ? 'up' : 'down';
    sort();
  });
  order.addEventListener('change', sort);
  image?.addEventListener('change', filter);
  words.addEventListener('input', filter);
  controls.addEventListener('submit', (event) => event.preventDefault());
  if (key.value === 'position') order.value = 'up';
})();
)js";

}  // namespace penalmt::html
