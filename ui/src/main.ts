import './styles/index.css';

import { tauri } from './host/tauri';
import { show } from './show';

void show(tauri);
