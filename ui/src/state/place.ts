import type { Method } from '../host/bindings/Method';
import type { ServiceId } from '../host/bindings/ServiceId';

/** A page of the settings. */
export type Tab = 'general' | 'renewal' | 'network' | 'security' | 'about';

/** The pages of the settings, in order. */
export const tabs: readonly Tab[] = ['general', 'renewal', 'network', 'security', 'about'];

/** Where in the window the person is. */
export type Place =
  | { view: 'accounts'; account: string | null }
  | { view: 'add'; way: { service: ServiceId; method: Method } | null }
  | { view: 'settings'; tab: Tab };

/** A place as it is remembered between two runs; adding an account is not resumed, because it asks a service. */
export function remembered(place: Place): string {
  switch (place.view) {
    case 'accounts':
      return place.account === null ? 'accounts' : `accounts/${place.account}`;
    case 'add':
      return 'accounts';
    case 'settings':
      return `settings/${place.tab}`;
  }
}

/** The place that was remembered; the accounts when it makes no sense any more. */
export function recalled(text: string | null): Place {
  const [view, rest] = (text ?? '').split(/\/(.*)/s);
  const tab = tabs.find((tab) => tab === rest);
  if (view === 'settings' && tab !== undefined) return { view: 'settings', tab };
  return { view: 'accounts', account: view === 'accounts' && rest ? rest : null };
}
