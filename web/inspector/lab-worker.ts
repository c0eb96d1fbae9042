/** The worker of the page of `heddle view`. */
import { serveLab } from './serve-lab.js';

serveLab();
