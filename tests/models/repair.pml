/* repair: a publisher dies at any step of a claim or a commit (several publishers).
 *
 * Models   publisher 0 may die before each of its stores, inside and outside of the mutex, which then still
 *          names its slot. The mutex is taken over, by a compare-and-swap of exactly that slot, by the fellow or by the
 *          broker, whoever comes first; who takes it over repairs: while the word at the claimed position is not empty,
 *          claimed becomes aborted, sequence and claimed position follow the record's header. The broker then walks
 *          from the dead slot's oldest open claim to the claimed position, aborts what that slot left claimed, and
 *          clears the slot's entry. The broker itself may stop anywhere, once; the next one begins again. Claims are
 *          preceded by a skip (stepping over pinned bytes) when they like, and commits may be short.
 * P1       the reader only ever finds words stored for the position that it stands at.
 * P2       every number is seen once and in order: no hole, no repetition; all are seen in the end, and nobody is blocked
 *          for ever (else: invalid end state).
 * P3       an open claim of the living is never aborted, nor stored into, by another.
 * Flags    -DN= cells, -DK= sequences, -DCLAIMS= open claims a publisher (1 or 2), -DNO_CRASH the broker does not stop.
 * Reach    -DREACH_FELLOW, -DREACH_BROKER, -DREACH_WALK: must fail; they show that the fellow, and the broker, take
 *          over, and that a repair finds something to walk over.
 * Mutants (each must fail)
 *   -DMUTANT_NO_REPAIR       who takes the mutex over does not repair: the next claim is laid over a record that readers
 *                            may already see, with the same number or inside of it.
 *   -DMUTANT_SEQUENCE_LAST   claimed position before sequence: after a death in between a number repeats.
 *   -DMUTANT_TERM_AFTER_WORD terminator after the word: after a death in between the repair walks into old bytes.
 *   -DMUTANT_OPEN_LAST       the slot's oldest open claim is stored after the claimed position: after a death in between
 *                            nobody knows of the claim, readers wait at it for ever.
 *   -DMUTANT_CLEAR_FIRST     the broker clears the slot's entry, then aborts: if it stops in between, the same.
 *   -DMUTANT_NO_BROKER       no broker: nobody aborts what the dead one claimed.
 *   -DMUTANT_ABORT_ANY       the broker aborts whatever is claimed on its walk, not only what that slot claimed.
 *   -DMUTANT_SKIP_AFTER_WORD the skip of a short commit is stored after the word.
 *   -DMUTANT_EOF_IS_DEATH    the broker acts although the publisher is only stalled: it comes back and writes into a
 *                            claim that is no longer its own.
 */
#ifndef K
#define K 3
#endif
#include "ring_cells.inc"
#ifndef CLAIMS
#define CLAIMS 1
#endif
#define MORTAL 0
#define FELLOW 1
#define BROKER 3

byte claimed = 0, sequence = 1;
byte mutex = 0;                         /* 0, owner + 1, or BROKER */
byte cursor = 0;
byte open_claim[2];                     /* position of the slot's oldest open claim + 1, or 0 */
bool dead = false;                      /* the pidfd's word about publisher 0 */
bool recovered = false, gave_up = false;
byte publishers_done = 0;

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define SLOT_GATE(s) (open_claim[s] > 0 -> open_claim[s] - 1 : 200)
#define OPEN_GATE MIN(SLOT_GATE(0), SLOT_GATE(1))
#define GATE MIN(cursor, OPEN_GATE)

#define OPEN(i) (size[i] > 0)
#if CLAIMS == 2
#define ANY_OPEN (OPEN(0) || OPEN(1))
#define ALL_OPEN (OPEN(0) && OPEN(1))
#define OLDEST (OPEN(0) && (!OPEN(1) || pos[0] < pos[1]) -> pos[0] + 1 : (OPEN(1) -> pos[1] + 1 : 0))
#else
#define ANY_OPEN OPEN(0)
#define ALL_OPEN OPEN(0)
#define OLDEST (OPEN(0) -> pos[0] + 1 : 0)
#endif

/* One store of a publisher, before which publisher 0 may die instead; the mutex keeps its slot if it holds it. */
#define DIE_OR(store)    if :: id == MORTAL -> goto died :: store fi
#ifdef MUTANT_EOF_IS_DEATH
#define STEP_IN_MUTEX(store) store
#define STEP(store)      if :: id == MORTAL && !dead -> dead = true; store :: store fi
#else
#define STEP_IN_MUTEX(store) DIE_OR(store)
#define STEP(store)      DIE_OR(store)
#endif

/* a place for the broker to stop, once, and begin again (publishers repair too: not for them) */
#ifdef NO_CRASH
#define BROKER_MAY_STOP skip
#else
#define BROKER_MAY_STOP  if :: id == BROKER && !gave_up -> gave_up = true; goto begin :: true fi
#endif

inline repair() {                       /* mutex just taken over from a dead owner */
#ifndef MUTANT_NO_REPAIR
  do
  :: STATE(cell[claimed % N]) != EMPTY ->
#ifdef REACH_WALK
     assert(false);
#endif
     atomic {
       w = cell[claimed % N];
       if :: STATE(w) == CLAIMED -> w = WORD(ABORTED, LEN(w), SLOT(w)); cell[claimed % N] = w :: else fi
     };
     if :: STATE(w) != SKIP -> sequence = LEN(cell[(claimed + 1) % N]) + 1 :: else fi;
     BROKER_MAY_STOP;
     claimed = claimed + CELLS(LEN(w));
     BROKER_MAY_STOP
  :: else -> break
  od;
  w = 0
#else
  skip
#endif
}

inline take_mutex() {
  if
  :: atomic { mutex == 0 -> mutex = id + 1 }
  :: atomic { id == FELLOW && dead && mutex == MORTAL + 1 -> mutex = id + 1 };
#ifdef REACH_FELLOW
     assert(false);
#endif
     repair()
  fi
}

inline step_over() {                    /* mutex held: one skip of one cell */
  STEP_IN_MUTEX(put_terminator(claimed + 1));
  STEP_IN_MUTEX(put_word(claimed, WORD(SKIP, 2, id)));
  STEP_IN_MUTEX(claimed = claimed + 1)
}

inline show_open_claim(i) {
  if :: open_claim[id] == 0 -> STEP_IN_MUTEX(open_claim[id] = pos[i] + 1) :: else fi
}

inline claim(i, length) {               /* mutex held, room is there */
  atomic { size[i] = length; pos[i] = claimed };
#ifndef MUTANT_OPEN_LAST
  show_open_claim(i);
#endif
  STEP_IN_MUTEX(put_info(pos[i], sequence));
#ifndef MUTANT_TERM_AFTER_WORD
  STEP_IN_MUTEX(put_terminator(pos[i] + CELLS(length)));
#endif
  STEP_IN_MUTEX(put_word(pos[i], WORD(CLAIMED, length, id)));
#ifdef MUTANT_TERM_AFTER_WORD
  STEP_IN_MUTEX(put_terminator(pos[i] + CELLS(length)));
#endif
#ifdef MUTANT_SEQUENCE_LAST
  STEP_IN_MUTEX(claimed = pos[i] + CELLS(length));
  STEP_IN_MUTEX(sequence++);
#else
  STEP_IN_MUTEX(sequence++);
  STEP_IN_MUTEX(claimed = pos[i] + CELLS(length));
#endif
#ifdef MUTANT_OPEN_LAST
  show_open_claim(i);
#endif
  STEP_IN_MUTEX(mutex = 0)
}

inline short_commit(i, used) {
#ifndef MUTANT_SKIP_AFTER_WORD
  STEP(put_word(pos[i] + CELLS(used), WORD(SKIP, 2 * (CELLS(size[i]) - CELLS(used)), id)));
#endif
  STEP(put_word(pos[i], WORD(COMMITTED, used, id)));
#ifdef MUTANT_SKIP_AFTER_WORD
  STEP(put_word(pos[i] + CELLS(used), WORD(SKIP, 2 * (CELLS(size[i]) - CELLS(used)), id)));
#endif
}

inline check_mine(i) {                  /* P3 */
  assert(cell[pos[i] % N] == WORD(CLAIMED, size[i], id) && wrote[pos[i] % N] == pos[i])
}

inline finish(i) {
  STEP(put_payload(pos[i], size[i]));
  check_mine(i);
  if
  :: STEP(put_word(pos[i], WORD(COMMITTED, size[i], id)))
#ifndef STEP_OVER
  :: CELLS(size[i]) > 2 -> short_commit(i, 4)
#endif
  :: STEP(put_word(pos[i], WORD(ABORTED, size[i], id)))
  fi;
  atomic { size[i] = 0; pos[i] = 0 };
  STEP(open_claim[id] = OLDEST)
}

proctype publisher(byte id) {
  byte pos[CLAIMS], size[CLAIMS];
  byte length, gate, w;
begin:
  do
  :: !ALL_OPEN && sequence <= K ->
     if :: length = 4 :: length = 7 fi;
start_over:
     take_mutex();
     if
     :: sequence > K -> STEP_IN_MUTEX(mutex = 0)
     :: else ->
        gate = GATE;
        if
        :: claimed + CELLS(length) + RESERVE <= gate + N ->
#ifdef STEP_OVER
           if
           :: id == MORTAL && claimed + 1 + CELLS(length) + RESERVE <= gate + N -> step_over()
           :: true
           fi;
#endif
           gate = 0;
           if :: !OPEN(0) -> claim(0, length) :: else -> claim(CLAIMS - 1, length) fi
        :: else ->
           STEP_IN_MUTEX(mutex = 0);
           if
           :: ANY_OPEN                          /* an outcome, not a wait */
           :: !ANY_OPEN ->
              (GATE != gate || sequence > K); gate = 0; goto start_over
           fi
        fi
     fi;
     atomic { gate = 0; length = 0 }
  :: OPEN(0) -> finish(0)
#if CLAIMS == 2
  :: OPEN(1) -> finish(1)
#endif
  :: sequence > K && !ANY_OPEN -> break
  od;
  goto out;
died:
  atomic { dead = true; pos[0] = 0; size[0] = 0; pos[CLAIMS - 1] = 0; size[CLAIMS - 1] = 0; length = 0; gate = 0 };
out:
  publishers_done++
}

inline abort_claims() {                 /* of the dead slot, from its oldest open claim to the claimed position */
  if
  :: open_claim[MORTAL] > 0 ->
     p = open_claim[MORTAL] - 1;
#ifdef MUTANT_CLEAR_FIRST
     open_claim[MORTAL] = 0;
     BROKER_MAY_STOP;
#endif
     do
     :: p < claimed ->
        atomic {
          w = cell[p % N];
          if
#ifdef MUTANT_ABORT_ANY
          :: STATE(w) == CLAIMED -> cell[p % N] = WORD(ABORTED, LEN(w), SLOT(w))
#else
          :: STATE(w) == CLAIMED && SLOT(w) == MORTAL -> cell[p % N] = WORD(ABORTED, LEN(w), MORTAL)
#endif
          :: else
          fi
        };
        assert(wrote[p % N] == p && LEN(w) > 0);        /* the walk keeps to records */
        p = p + CELLS(LEN(w));
        BROKER_MAY_STOP
     :: else -> break
     od;
     atomic { p = 0; w = 0 }
  :: else
  fi
}

proctype broker() {
  byte p, w, id = BROKER;
end:
  dead;
begin:
  atomic { p = 0; w = 0 };
  if
  :: atomic { mutex == MORTAL + 1 || mutex == BROKER -> mutex = BROKER };
#ifdef REACH_BROKER
     assert(false);
#endif
     BROKER_MAY_STOP;
     repair();
     mutex = 0
  :: else                               /* free, or held by one that lives: never waited for */
  fi;
  BROKER_MAY_STOP;
  abort_claims();
  BROKER_MAY_STOP;
  open_claim[MORTAL] = 0;
  recovered = true
}

proctype reader() {
  byte expected = 1, w;
  do
  :: atomic { FINISHED(cell[cursor % N]) -> w = cell[cursor % N] };
     check_record(cursor, w, expected);
     if :: STATE(w) != SKIP -> expected++ :: else fi;
     cursor = cursor + CELLS(LEN(w));
     w = 0
  :: expected == K + 1 && publishers_done == 2 && (!dead || recovered) && cursor == claimed -> break
  od
}

init {
  atomic {
    format_ring();
    run publisher(MORTAL);
    run publisher(FELLOW);
#ifndef MUTANT_NO_BROKER
    run broker();
#endif
    run reader()
  }
}
