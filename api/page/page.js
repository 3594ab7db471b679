// Draws the routes of the description that lies beside this page. Nothing of it is taken for markup.
const methods = ['get', 'post', 'put', 'patch', 'delete'];

function element(name, ...content) {
  const made = document.createElement(name);
  made.append(...content);
  return made;
}

function row(path, method, route) {
  const scopes = (route.security ?? []).flatMap((one) => Object.values(one).flat());
  return element(
    'tr',
    element('td', element('code', method.toUpperCase())),
    element('td', element('code', path)),
    element('td', scopes.join(', ')),
    element('td', [route.summary, route.description].filter(Boolean).join(' ')),
  );
}

function table(tag, rows) {
  const heads = ['Method', 'Path', 'Scope', ''].map((text) => element('th', text));
  return [element('h2', tag), element('table', element('thead', element('tr', ...heads)), element('tbody', ...rows))];
}

const place = document.querySelector('#routes');
try {
  const description = await (await fetch('openapi.json')).json();
  document.querySelector('#about').textContent = description.info.description ?? '';
  const byTag = new Map();
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of methods.filter((method) => method in item)) {
      const tag = item[method].tags?.[0] ?? '';
      byTag.set(tag, [...(byTag.get(tag) ?? []), row(path, method, item[method])]);
    }
  }
  place.replaceChildren(...[...byTag].flatMap(([tag, rows]) => table(tag, rows)));
} catch (error) {
  place.textContent = String(error);
}
