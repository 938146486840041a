// The tabs over the composer: what all accounts get, then each account by itself.
function drawScopes (tabs, m, data, hasError) {
  if (!data.accounts.some(each => each.id === m.tab)) m.tab = null
  const scopes = [[null], ...data.accounts.map(each => [each.id, each, Boolean(m.now.variants[each.id]), hasError(each)])]
  tabs.hidden = data.accounts.length === 0
  unlessSame(tabs, [m.tab, scopes], () => replaceScopes(tabs, m, scopes))
}

function replaceScopes (tabs, m, scopes) {
  const focused = tabs.getRootNode().activeElement?.dataset?.scope
  const open = scope => { m.tab = scope; m.redraw() }
  tabs.replaceChildren(...scopes.map(([scope, account, differs, wrong]) => {
    const label = account ? [dot(account.network), el('span', 'cut', account.name)] : [icon('groups'), el('span', 'cut', 'All accounts')]
    const own = differs ? el('span', 'own', icon('edit'), el('span', 'sr', ', differs')) : null
    const button = el('button', wrong ? 'bad' : '', ...label, own, wrong ? el('span', 'sr', ', has a problem') : null)
    if (account) button.title = account.name + ' · ' + account.network.title
    Object.assign(button, { type: 'button', tabIndex: scope === m.tab ? 0 : -1, onclick: () => open(scope) })
    button.dataset.scope = scope ?? ''
    button.setAttribute('role', 'tab')
    button.setAttribute('aria-selected', String(scope === m.tab))
    button.onkeydown = event => {
      const at = scopes.findIndex(([each]) => each === m.tab)
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key]
      if (to === undefined) return
      event.preventDefault()
      open(scopes.at(to % scopes.length)[0])
      tabs.querySelector('[aria-selected=true]').focus()
    }
    return button
  }))
  if (focused !== undefined) tabs.querySelector('[data-scope="' + focused + '"]')?.focus()
}

// Over one account's words: whether they are its own, and the way there and back.
function drawOwnText (strip, m, data, write, area) {
  const scope = m.tab
  strip.hidden = scope === null
  if (scope === null) return
  const own = variantOf(m.now, scope).text !== null
  const button = strip.querySelector('button')
  strip.querySelector('.says').replaceChildren(icon(own ? 'edit' : 'groups'), own ? 'Its own text' : 'Gets the text for all accounts')
  button.textContent = own ? 'Use the text for all' : 'Write differently for this account'
  button.disabled = data.locked
  button.onclick = () => {
    if (own) {
      m.dropped.set(scope, given(m.now, scope).text)
      write({ text: null })
    } else {
      write({ text: m.dropped.get(scope) ?? m.now.text })
      area.focus()
    }
  }
}

// What a change in the open tab costs, before there is one: only the accounts that get what is written there.
function drawPrice (line, m, data) {
  const gets = ({ id, network }) => {
    const { text, files } = variantOf(m.now, id)
    return m.tab === id || (m.tab === null && (text === null || files === null || network.takes_link))
  }
  const lost = data.accounts.filter(each => each.price && gets(each)).map(each => each.name + ' ' + each.price)
  line.hidden = data.locked || lost.length === 0
  const words = (m.tab === null ? 'Whoever gets what you change here pays for it: ' : 'A change here has a price: ') + lost.join('; ') + '.'
  unlessSame(line, [words], () => line.replaceChildren(icon('gpp_maybe'), el('span', '', words)))
}
