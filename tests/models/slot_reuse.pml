/* slot_reuse: a publisher slot is freed and given to another process while a fellow still acts on the death of the first.
 *
 * Models   process A has slot 0 and dies: in the mutex, or outside of it with an open claim. A fellow (slot 1) that waits for
 *          the mutex proves the death by what the slot says (pid and start time: here, which tenant) and takes the mutex
 *          over by a compare-and-swap of exactly the word that it has seen; it may also recover the slot's claims, as
 *          the broker does, while that is away. The broker recovers too, frees the slot, and gives it to process C.
 *          Between any look and the step that follows from it anything may happen.
 *          Three rules make this safe:
 *            - the mutex's word names the slot and its generation, which is another for each tenant;
 *            - a fellow recovers a slot's claims under the mutex only, and looks at the slot again there;
 *            - the broker frees a slot only when the mutex no longer names it: if it does, it takes it over first.
 * P1       never are two living processes in the mutex.
 * P2       no claim of a living process is aborted.
 * P3       nobody is blocked for ever (else: invalid end state).
 * Flags    none.
 * Reach    -DREACH_TAKEN_OVER, -DREACH_TENANT: must fail; the fellow takes over, and meets a new tenant after its look.
 * Mutants (each must fail)
 *   -DMUTANT_NO_GENERATION    the mutex's word names the slot only: the fellow's compare-and-swap, decided when A was dead in
 *                             the mutex, hits the word of C, which is in the mutex and lives.
 *   -DMUTANT_RECOVER_OUTSIDE  the fellow recovers without the mutex: it aborts what the new tenant has claimed.
 *   -DMUTANT_NO_TAKE_OVER     the broker frees the slot although the mutex still names it: nobody can tell any more that
 *                             its owner is dead.
 */
#define SLOT_A 1                        /* slot 0, generation 1: process A */
#ifdef MUTANT_NO_GENERATION
#define SLOT_C 1
#else
#define SLOT_C 2                        /* slot 0, generation 2: process C */
#endif
#define FELLOW 3
#define BROKER 4

byte mutex = 0;
byte tenant = 1;                        /* what slot 0 says: 1 process A, 2 process C */
bool a_is_dead = false;
byte inside = 0;                        /* ghost: living processes in the mutex */

/* Records that slot 0 claims: A's, then C's. */
mtype = { EMPTY, CLAIMED, COMMITTED, ABORTED };
mtype record[2] = EMPTY;
byte open_claim = 0;                    /* of slot 0: index of its record + 1, or 0 */

inline enter() { inside++; assert(inside == 1) }                                        /* P1 */
inline leave() { inside-- }

inline abort_claims() {                 /* of slot 0 */
  if
  :: open_claim > 0 ->
     i = open_claim - 1;
     do
     :: i < 2 -> atomic { if :: record[i] == CLAIMED -> record[i] = ABORTED :: else fi }; i++
     :: else -> break
     od;
     i = 0
  :: else
  fi
}

proctype process_a() {
  atomic { mutex == 0 -> mutex = SLOT_A };
  open_claim = 1;
  record[0] = CLAIMED;
  if
  :: true                               /* dies in the mutex */
  :: mutex = 0                          /* dies with an open claim */
  fi;
  a_is_dead = true
}

proctype process_c() {
  atomic { mutex == 0 -> mutex = SLOT_C };
  enter();
  open_claim = 2;
  record[1] = CLAIMED;
  leave();
  mutex = 0;
  assert(record[1] == CLAIMED);                                                         /* P2 */
  record[1] = COMMITTED;
  open_claim = 0
}

proctype fellow() {
  byte seen, i, turns = 2;
  bool gone;
  do
  :: turns > 0 ->
     /* take the mutex: if it is held, see whose it is, whether that one is gone, and only then swap */
take:
     seen = mutex;
     if
     :: seen == 0 ->
        if :: atomic { mutex == 0 -> mutex = FELLOW } :: atomic { mutex != 0 -> goto take } fi
     :: seen != 0 ->
        gone = (seen == SLOT_A && tenant == 1 && a_is_dead);
        if
        :: gone ->
           gone = false;
           if :: atomic { mutex == seen -> mutex = FELLOW } :: atomic { mutex != seen -> goto take } fi;
#ifdef REACH_TAKEN_OVER
           assert(false);
#endif
        :: !gone -> (mutex != seen || (mutex == SLOT_A && tenant == 1 && a_is_dead)); goto take
        fi
     fi;
     enter();
#ifndef MUTANT_RECOVER_OUTSIDE
     if
     :: tenant == 1 && a_is_dead -> abort_claims(); open_claim = 0
     :: else
     fi;
#endif
     leave();
     mutex = 0;
#ifdef MUTANT_RECOVER_OUTSIDE
     if
     :: tenant == 1 && a_is_dead -> abort_claims(); open_claim = 0
     :: else
     fi;
#endif
#ifdef REACH_TENANT
     assert(tenant == 1);
#endif
     seen = 0;
     turns--
  :: else -> break
  od
}

proctype broker() {
  byte i;
  a_is_dead;
#ifndef MUTANT_NO_TAKE_OVER
  if
  :: atomic { mutex == SLOT_A -> mutex = BROKER };
     /* ... repair ... */
     mutex = 0
  :: mutex != SLOT_A                    /* free, or held by one that lives: not waited for */
  fi;
#endif
  abort_claims();
  open_claim = 0;
  tenant = 2;                           /* freed, and given out again */
  run process_c()
}

init {
  atomic { run process_a(); run fellow(); run broker() }
}
