#include "serving/page.h"

namespace penalmt {

const std::string_view kServingScript = R"js(
'use strict';
(() => {
  const facts = JSON.parse(document.getElementById('facts').textContent);
  const by_id = (id) => document.getElementById(id);
  const form = by_id('ask'), sentence = by_id('sentence'), state = by_id('state'), error = by_id('error');
  document.documentElement.classList.add('js');

  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const svg = (name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const tell = (text) => {
    error.textContent = text;
    error.hidden = !text;
  };

  // ---- images

  // What the server reads as it is; anything else that this browser shows is drawn anew.
  const readable = ['image/jpeg', 'image/png', 'image/webp', 'image/bmp', 'image/x-portable-pixmap'];
  const longest_side = 2048;
  const drawn = async (file) => {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, longest_side / Math.max(bitmap.width, bitmap.height));
    const canvas = make('canvas', {width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale)});
    canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.95));
  };
  const slots = {first: null, second: null};  // {blob, url}
  const choose = async (id, file) => {
    const place = by_id(id);
    tell('');
    let blob = file;
    if (!readable.includes(file.type) || file.size > facts.most_body - 20000) {
      try {
        blob = await drawn(file);
      } catch {
        tell(`“${file.name}” is not an image that this browser can read; choose a JPEG, PNG or WebP.`);
        return;
      }
    }
    remove(id);
    slots[id] = {blob, url: URL.createObjectURL(blob)};
    place.querySelector('.chosen img').src = slots[id].url;
    place.querySelector('.chosen img').alt = `${place.querySelector('legend').textContent}: ${file.name}`;
    place.querySelector('.name').textContent = file.name;
    place.querySelector('.choose').hidden = true;
    place.querySelector('.chosen').hidden = false;
    place.querySelector('.remove').focus();
  };
  const remove = (id) => {
    const place = by_id(id);
    slots[id] = null;  // its address lives on in the answers
    for (const input of place.querySelectorAll('input')) input.value = '';
    place.querySelector('.choose').hidden = false;
    place.querySelector('.chosen').hidden = true;
  };
  for (const place of document.querySelectorAll('.drop')) {
    for (const input of place.querySelectorAll('input'))
      input.addEventListener('change', () => input.files.length > 0 && choose(place.id, input.files[0]));
    place.querySelector('.remove').addEventListener('click', () => {
      remove(place.id);
      place.querySelector('input').focus();
    });
    place.addEventListener('dragover', (event) => {
      event.preventDefault();
      place.classList.add('over');
    });
    place.addEventListener('dragleave', () => place.classList.remove('over'));
    place.addEventListener('drop', (event) => {
      event.preventDefault();
      place.classList.remove('over');
      const [file] = event.dataTransfer.files;
      if (file) choose(place.id, file);
      else tell('What was dropped is no file. Save the image first, then drop it here or choose it.');
    });
  }
  // A file that misses its place would replace the page.
  for (const kind of ['dragover', 'drop'])
    addEventListener(kind, (event) => event.target.closest?.('.drop') || event.preventDefault());
  addEventListener('paste', (event) => {
    const file = [...event.clipboardData.files].find((one) => one.type.startsWith('image/'));
    if (file && facts.uses_images) choose(slots.first ? 'second' : 'first', file);
  });

  // ---- asking

  const ask = async (text, image, signal) => {
    const body = new FormData();
    body.append('q', text);
    body.append('n_best', String(Math.min(facts.beam, 5)));
    if (image) body.append('image', image.blob, 'image');
    const token = by_id('token')?.value;
    let response;
    try {
      response = await fetch('/translate', {method: 'POST', body, signal, headers: token ? {Authorization: `Bearer ${token}`} : {}});
    } catch (problem) {
      if (signal.aborted) throw problem;
      throw new Error('The server does not answer. Is it still running?');
    }
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.error ?? `The server answered with status ${response.status}.`);
    return answer;
  };

  // ---- answers

  // For each of the words whether the other text has it, too, in the same order (their longest common part).
  const shared = (words, others) => {
    const table = Array.from({length: words.length + 1}, () => new Array(others.length + 1).fill(0));
    for (let i = words.length - 1; i >= 0; --i)
      for (let j = others.length - 1; j >= 0; --j)
        table[i][j] = words[i] === others[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    const found = words.map(() => false);
    for (let i = 0, j = 0; i < words.length && j < others.length;) {
      if (words[i] === others[j]) { found[i] = true; ++i; ++j; }
      else if (table[i + 1][j] >= table[i][j + 1]) ++i;
      else ++j;
    }
    return found;
  };
  const words_of = (text) => text.split(/\s+/).filter(Boolean);
  const translation_of = (answer, other) => {
    const paragraph = make('p', {className: 'translation', lang: facts.target, dir: 'auto'});
    const words = words_of(answer.translatedText);
    const same = other ? shared(words, words_of(other.translatedText)) : words.map(() => true);
    words.forEach((word, i) => paragraph.append(i > 0 ? ' ' : '', same[i] ? word : make('b', {textContent: word})));
    return paragraph;
  };
  const worth = (score) => `${score.toFixed(3).replace('-', '−')}`;

  // How R regions lie on the image: a square, with a class token before it or without.
  const grid_of = (regions) => {
    for (const first of [0, 1]) {
      const side = Math.round(Math.sqrt(regions - first));
      if (side > 1 && side * side + first === regions) return {side, first};
    }
    return null;
  };
  const relative = (weights, grid) => {
    const cells = weights.slice(grid.first);
    const largest = Math.max(...cells, 1e-9);
    return cells.map((cell) => cell / largest);
  };
  const heat_of = (grid, seen) => {
    const part = seen ?? {left: 0, top: 0, width: 1, height: 1};
    const width = grid.side / part.width, height = grid.side / part.height;
    const left = -part.left * width, top = -part.top * height;
    const heat = svg('svg', {class: 'heat', viewBox: `${left} ${top} ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true'});
    if (seen)
      heat.append(svg('path', {class: 'around', 'fill-rule': 'evenodd',
        d: `M${left} ${top}h${width}v${height}h${-width}zM0 0h${grid.side}v${grid.side}h${-grid.side}z`}));
    for (let i = 0; i < grid.side * grid.side; ++i)
      heat.append(svg('rect', {x: i % grid.side, y: Math.floor(i / grid.side), width: 1, height: 1, opacity: 0}));
    return heat;
  };
  const mean_of = (rows) => rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);

  // The image, the pieces that looked, and, where there are regions, where each of them did.
  const looked = (image, name, answer) => {
    const use = answer.image_use;
    const whose = use.side === 'target' ? 'the translation' : 'the sentence';
    const grid = use.attention ? grid_of(use.attention[0].length) : null;
    const shown = make('img', {src: image.url, alt: name});
    shown.addEventListener('load', () => shown.classList.toggle('pixels', shown.naturalWidth <= 128));
    const figure = make('figure');
    const pieces = make('div', {className: 'pieces', role: 'group'});
    let show = () => {};
    if (grid) {
      const heat = heat_of(grid, answer.image_seen);
      const caption = make('figcaption', {className: 'looking'});
      caption.setAttribute('aria-live', 'polite');
      const mean = mean_of(use.attention);
      show = (n) => {
        relative(n === null ? mean : use.attention[n], grid).forEach((cell, i) =>
          heat.querySelectorAll('rect')[i].setAttribute('opacity', cell.toFixed(3)));
        caption.textContent = n === null ? `where all words of ${whose} looked, their mean` : `where “${pieces.children[n].dataset.piece}” looked`;
      };
      figure.append(make('div', {className: 'photo'}, shown, heat), caption);
    } else {
      shown.classList.add('small');
      figure.append(shown);
    }
    let chosen = null;
    use.tokens.forEach((token, n) => {
      const starts = token.startsWith('\u2581') || token === '</s>';
      const text = token === '</s>' ? 'end' : starts ? token.slice(1) : token;
      const gate = use.gate[n];
      const bar = make('i');
      bar.style.width = `${Math.round(100 * Math.min(1, Math.max(0, gate)))}%`;
      bar.setAttribute('aria-hidden', 'true');
      const piece = make(grid ? 'button' : 'span', {className: starts ? 'piece' : 'piece inner'},
        make('span', {textContent: text || '␣', dir: 'auto'}), make('small', {textContent: gate.toFixed(2)}), bar);
      piece.dataset.piece = text || '␣';
      pieces.append(piece);
      if (!grid) return;
      piece.type = 'button';
      piece.setAttribute('aria-pressed', 'false');
      piece.addEventListener('pointerenter', () => show(n));
      piece.addEventListener('pointerleave', () => show(chosen));
      piece.addEventListener('focus', () => show(n));
      piece.addEventListener('blur', () => show(chosen));
      piece.addEventListener('click', () => {
        chosen = chosen === n ? null : n;
        [...pieces.children].forEach((one, i) => one.setAttribute('aria-pressed', String(i === chosen)));
        show(chosen);
      });
    });
    const label = grid ? `Where each word of ${whose} looked, and how far it let the image in (0 to 1)`
      : `How far each word of ${whose} let the image in (0 to 1)`;
    pieces.setAttribute('aria-label', label);
    show(null);
    return [figure, make('p', {className: 'quiet pieces-label', textContent: label}), pieces];
  };

  const article_of = ({title, image, name, answer}, other) => {
    const article = make('article', {}, make('h3', {textContent: title}), translation_of(answer, other),
      make('p', {className: 'quiet worth', textContent: `score ${worth(answer.score)}`}));
    if (answer.image_use) article.append(...looked(image, name, answer));
    const others = answer.n_best.slice(1);
    if (others.length > 0)
      article.append(make('details', {}, make('summary', {textContent: `${others.length} other translation${others.length === 1 ? '' : 's'}`}),
        make('ol', {start: 2}, ...others.map((one) => make('li', {}, make('span', {textContent: one.translation, lang: facts.target, dir: 'auto'}),
          make('small', {textContent: worth(one.score)}))))));
    return article;
  };

  const overlay_controls = (root) => {
    const strength = make('input', {type: 'range', min: '0', max: '1', step: '0.05', value: '0.7', id: 'strength'});
    const shape = make('select', {id: 'shape'}, make('option', {value: '', textContent: 'colour'}), make('option', {value: 'outline', textContent: 'outline'}));
    strength.addEventListener('input', () => root.style.setProperty('--strength', strength.value));
    shape.addEventListener('change', () => root.classList.toggle('outlined', shape.value === 'outline'));
    return make('div', {className: 'controls'}, make('label', {}, 'Overlay ', shape), make('label', {}, 'Its strength ', strength));
  };

  const show_answers = (asked, joined) => {
    const plain = asked.find((one) => !one.image);
    const list = make('div', {className: 'answers'});
    for (const one of asked) list.append(article_of(one, one === plain ? null : plain?.answer));
    const notes = [];
    if (joined) notes.push('The lines were read as one sentence: translate sentences one by one.');
    if (asked.length > 1) notes.push('Marked words differ from the translation without an image.');
    const has_maps = asked.some((one) => one.answer.image_use?.attention && grid_of(one.answer.image_use.attention[0].length));
    if (has_maps) notes.push('A word in focus, or under the mouse, shows where it looked: the stronger the colour, the more.');
    else if (asked.some((one) => one.answer.image_use)) notes.push('This model sees an image as a whole: it does not look at places in it.');
    notes.push('The score is the model’s own: the nearer to 0, the surer it is.');
    by_id('answers').replaceChildren(make('h2', {textContent: 'Translation' + (asked.length > 1 ? 's' : '')}),
      make('p', {className: 'note', textContent: notes.join(' ')}), ...(has_maps ? [overlay_controls(list)] : []), list);
    const heading = document.querySelector('#answers h2');  // on a phone it may be below what is seen
    if (heading.getBoundingClientRect().top > innerHeight * 0.7) heading.scrollIntoView();
  };

  let running = null;
  const translate = async () => {
    const lines = sentence.value.split('\n').filter((line) => line.trim()).length;
    const text = sentence.value.replace(/\s+/g, ' ').trim();
    tell('');
    if (!text) {
      tell('Type a sentence first.');
      sentence.focus();
      return;
    }
    running?.abort();
    const mine = running = new AbortController();
    const asks = [];
    if (slots.first) asks.push({title: 'With the image', name: 'The image', image: slots.first});
    asks.push({title: facts.uses_images ? 'Without an image' : 'Translation', image: null});
    if (slots.second) asks.push({title: slots.first ? 'With the other image' : 'With the image', name: 'The other image', image: slots.second});
    state.value = 'Translating …';
    form.setAttribute('aria-busy', 'true');
    const began = performance.now();
    try {
      const answers = await Promise.all(asks.map((one) => ask(text, one.image, mine.signal)));
      asks.forEach((one, i) => { one.answer = answers[i]; });
      show_answers(asks, lines > 1);
      state.value = `Done in ${((performance.now() - began) / 1000).toFixed(1)} s.`;
    } catch (problem) {
      if (mine.signal.aborted) return;  // another translation has begun
      state.value = '';
      by_id('answers').replaceChildren();  // the last sentence's are no answer to this one
      tell(problem.message);
    }
    form.removeAttribute('aria-busy');
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    translate();
  });
  sentence.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    translate();
  });
})();
)js";

}  // namespace penalmt
