import { orders, type Order } from '../format/account';
import type { Method } from '../host/bindings/Method';
import type { ServiceId } from '../host/bindings/ServiceId';

/** A page of the settings. */
export type Tab = 'general' | 'renewal' | 'network' | 'notifications' | 'security' | 'about';

/** The pages of the settings, in order. */
export const tabs: readonly Tab[] = ['general', 'renewal', 'network', 'notifications', 'security', 'about'];

/** Where in the window the person is. */
export type Place =
  | { view: 'overview' }
  | { view: 'accounts'; account: string | null }
  | { view: 'delivery'; account: string; delivery: string }
  /** Where an account's key is to go: which preset, unless one is to be picked; the delivery that is changed, unless it is a new one. */
  | { view: 'deliver'; account: string; preset: string | null; delivery: string | null }
  | { view: 'add'; way: { service: ServiceId; method: Method } | null }
  | { view: 'settings'; tab: Tab };

/**
 * A place as it is remembered between two runs, after `?` the order of the accounts unless it is the usual one.
 * Adding an account is not resumed, because it asks a service.
 */
export function remembered(place: Place, order: Order = 'added'): string {
  return named(place) + (order === 'added' ? '' : `?${order}`);
}

function named(place: Place): string {
  switch (place.view) {
    case 'overview':
      return 'overview';
    case 'accounts':
      return place.account === null ? 'accounts' : `accounts/${place.account}`;
    case 'delivery':
    case 'deliver':
      return `accounts/${place.account}`;
    case 'add':
      return 'accounts';
    case 'settings':
      return `settings/${place.tab}`;
  }
}

/** The place that was remembered; the accounts when it makes no sense any more. */
export function recalled(text: string | null): Place {
  const [view, rest] = (text ?? '').replace(/\?.*/s, '').split(/\/(.*)/s);
  if (view === 'overview') return { view };
  const tab = tabs.find((tab) => tab === rest);
  if (view === 'settings' && tab !== undefined) return { view: 'settings', tab };
  return { view: 'accounts', account: view === 'accounts' && rest ? rest : null };
}

/** The order of the accounts that was remembered. */
export function recalledOrder(text: string | null): Order {
  return orders.find((order) => text?.endsWith(`?${order}`)) ?? 'added';
}
