/** The views that nobody sees first. They are loaded once the first one is there, so that it need not wait for them. */
import '../copy/later-words';

export { default as ApiLine } from '../components/ApiLine.svelte';
export { default as PasteForm } from '../components/PasteForm.svelte';
export { default as Deliver } from './deliveries/Deliver.svelte';
export { default as Delivery } from './deliveries/Delivery.svelte';
export { default as Settings } from './Settings.svelte';
