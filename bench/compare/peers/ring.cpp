#include "ring.hpp"

#include "../measure.hpp"

int main(int argc, char** argv) {
  return compare::measure<compare::Ring>("ring", argc, argv);
}
