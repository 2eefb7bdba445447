// @ts-check
/** Asks for the token when there is no session. */

import { signIn } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';

/**
 * @param {import('../app.js').Context} context
 * @param {() => void} onDone
 * @param {string} [why]
 */
export function signInPage({ page, bar }, onDone, why = '') {
  bar.crumbs();
  document.title = 'Sign in · Modescope';
  const token = h('input', {
    type: 'password', id: 'token', autocomplete: 'current-password', required: true, spellcheck: 'false', testid: 'token', 'aria-describedby': 'token-problem',
  });
  const problem = h('p', { class: 'problem', id: 'token-problem', role: 'alert', testid: 'sign-in-problem', text: why });
  const submit = h('button', { type: 'submit', class: 'primary', text: 'Sign in', testid: 'sign-in-submit' });
  const form = h('form', { class: 'card', testid: 'sign-in' },
    h('h1', { text: 'Sign in' }),
    h('p', { class: 'words', text: 'The server printed a link when it started: open it, or paste the token after “#token=” here. It is also kept in the file “token” of the data folder.' }),
    h('label', { for: 'token', text: 'Token' }), token, problem, h('div', { class: 'row' }, submit));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit.disabled = true;
    signIn(token.value.trim()).then(onDone, (error) => {
      submit.disabled = false;
      setText(problem, error.status === 401 || error.status === 403 ? 'That is not this server’s token.' : error.message);
      token.select();
    });
  });
  page.className = 'lone';
  page.replaceChildren(form);
  token.focus();
}
